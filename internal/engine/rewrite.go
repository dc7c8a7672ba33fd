package engine

import (
	"errors"
	"io"
	"io/fs"

	"github.com/resp-server/resp-server/internal/resp"
	"github.com/resp-server/resp-server/internal/vfs"
)

// RewriteConfig brings the file that the settings were read from up to date.
func (e *Core) RewriteConfig() error {
	if e.conf == "" {
		return resp.Error("ERR The server is running without a config file")
	}
	old, err := e.readAll(e.conf)
	if err == nil || errors.Is(err, fs.ErrNotExist) {
		var users []string
		if e.Config.ACLFile == "" {
			for u := range e.Users.All {
				users = append(users, u.String())
			}
		}
		text := e.Config.Rewrite(old, users)
		err = vfs.Replace(e.files, e.conf, func(w io.Writer) error {
			_, err := io.WriteString(w, text)
			return err
		})
	}
	if err != nil {
		e.Log.Error("CONFIG REWRITE failed", "file", e.conf, "error", err)
		return resp.Errorf("ERR Rewriting config file: %s", reason(err))
	}
	e.Log.Info("CONFIG REWRITE executed", "file", e.conf)
	return nil
}

// readAll reads a file.
func (e *Core) readAll(name string) (string, error) {
	f, err := e.files.Open(name)
	if err != nil {
		return "", err
	}
	defer f.Close()
	text, err := io.ReadAll(f)
	return string(text), err
}
