package engine

import (
	"bytes"
	"path/filepath"

	"github.com/resp-server/resp-server/internal/resp"
)

// Reload puts what a snapshot keeps of the data in place of the data: what the
// file has, which is written before if save is true. Without a directory the
// snapshot is made in memory. It fails if the file can't be read, and then
// changes nothing. It is for handlers.
func (e *Engine) Reload(save bool) error {
	if e.Config.Dir == "" && save {
		var b bytes.Buffer
		if err := e.writeTo(&b, e.present(), nil); err != nil {
			return err
		}
		return e.load(&b, int64(b.Len()), "")
	}
	if save {
		if err := e.Save(); err != nil {
			return err
		}
	}
	if err := e.reloadFile(); err != nil {
		e.Log.Error("reloading failed", "error", err)
		return resp.Error("ERR Error trying to load the RDB dump, check server logs.")
	}
	return nil
}

func (e *Engine) reloadFile() error {
	if e.Config.Dir == "" {
		return errNoDir
	}
	f, err := e.files.Open(filepath.Join(e.Config.Dir, e.Config.DBFilename))
	if err != nil {
		return err
	}
	defer f.Close()
	return e.loadFile(f)
}
