package aof

import (
	"bytes"
	"io"
	"testing"
)

// FuzzReader: whatever a file has, reading it ends, with one of the known
// errors, and the offset stays in the file.
func FuzzReader(f *testing.F) {
	f.Add([]byte("#TS:1\r\n" + command("SET", "k", "v") + "*1\r\n$3"))
	f.Add([]byte("*1\r\n$-1\r\n"))
	f.Add([]byte("*99999999999999999999\r\n$0\r\n\r\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		r := NewReader(bytes.NewReader(data), 0)
		for {
			args, note, err := r.Next()
			if err != nil {
				if err != io.EOF && err != io.ErrUnexpectedEOF && err != errFormat {
					t.Errorf("error %v", err)
				}
				if err == io.EOF && r.Offset() != int64(len(data)) {
					t.Errorf("at the end at %d of %d", r.Offset(), len(data))
				}
				return
			}
			if len(args) == 0 && len(note) == 0 || r.Offset() > int64(len(data)) {
				t.Fatalf("%q, %q at %d of %d", args, note, r.Offset(), len(data))
			}
		}
	})
}

// FuzzManifest: what is read as a manifest is written and read again as the
// same.
func FuzzManifest(f *testing.F) {
	f.Add([]byte("file a.1.base.rdb seq 1 type b\nfile \"a b\\x00\" seq 1 type h\nfile a.1.incr.aof seq 1 type i\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		m, err := parseManifest(data)
		if err != nil {
			return
		}
		text := m.String()
		if text == "" {
			return // comments only
		}
		again, err := parseManifest([]byte(text))
		if err != nil {
			if len(text) > maxManifestLine {
				return // quoting has made a line too long
			}
			t.Fatalf("%q: %v", text, err)
		}
		if again.String() != text {
			t.Errorf("%q becomes %q", text, again.String())
		}
	})
}
