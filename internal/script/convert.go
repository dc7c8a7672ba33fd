package script

import (
	"strings"

	"github.com/resp-server/resp-server/internal/lua"
	"github.com/resp-server/resp-server/internal/resp"
)

// maxDepth is the maximum nesting of a result: deeper ones overflow the C
// stack.
const maxDepth = 7996

// result appends the return value of a script.
func (in *Interp) result(w *resp.Writer, v lua.Value) *Failure {
	if t := v.Table(); t != nil {
		if e := t.Field("err"); e.Kind() == lua.String {
			return &Failure{resp.Error(e.String()), wasCounted(t)}
		}
	}
	in.write(w, v, 0)
	return nil
}

// write appends a value as a reply.
func (in *Interp) write(w *resp.Writer, v lua.Value, depth int) {
	in.state.Main().Work(1 + len(v.String())>>7)
	if depth > maxDepth {
		in.error(w, "ERR reached lua stack limit")
		return
	}
	switch v.Kind() {
	case lua.String:
		w.BulkString(v.String())
	case lua.Number:
		n, _ := v.Number()
		w.Integer(int64(lua.ToInt(n)))
	case lua.Bool:
		switch {
		case in.reply.Proto == 3:
			w.Bool(v.Truth())
		case v.Truth():
			w.Integer(1)
		default:
			w.Null()
		}
	case lua.TableKind:
		in.writeTable(w, v.Table(), depth+1)
	default:
		w.Null()
	}
}

// error appends an error reply that the script created.
func (in *Interp) error(w *resp.Writer, e resp.Error) {
	in.host.CountError(e)
	w.Error(e)
}

func oneLine(s string) string { return strings.NewReplacer("\r", " ", "\n", " ").Replace(s) }

// writeTable appends a table. A field that stands for a type comes first;
// otherwise it is an array up to the first nil.
func (in *Interp) writeTable(w *resp.Writer, t *lua.Table, depth int) {
	if v := t.Field("err"); v.Kind() == lua.String {
		if wasCounted(t) {
			w.Error(resp.Error(v.String()))
		} else {
			in.error(w, resp.Error(v.String()))
		}
		return
	}
	if v := t.Field("ok"); v.Kind() == lua.String {
		w.Simple(oneLine(v.String()))
		return
	}
	if n, ok := t.Field("double").Number(); ok {
		w.Double(n)
		return
	}
	if v := t.Field("big_number"); v.Kind() == lua.String {
		w.BigNumber(oneLine(v.String()))
		return
	}
	if v := t.Field("verbatim_string").Table(); v != nil {
		format, text := v.Field("format"), v.Field("string")
		if format.Kind() == lua.String && text.Kind() == lua.String {
			w.Verbatim(format.String(), text.String())
			return
		}
	}
	if m := t.Field("map").Table(); m != nil {
		head, n := w.MapLater(), 0
		for k, v, _ := m.Next(lua.Value{}); !k.IsNil(); k, v, _ = m.Next(k) {
			in.write(w, k, depth+1)
			in.write(w, v, depth+1)
			n++
		}
		w.SetLen(head, n)
		return
	}
	if s := t.Field("set").Table(); s != nil {
		head, n := w.SetLater(), 0
		for k, _, _ := s.Next(lua.Value{}); !k.IsNil(); k, _, _ = s.Next(k) {
			in.write(w, k, depth+1)
			n++
		}
		w.SetLen(head, n)
		return
	}
	n := 0
	for !t.GetInt(n + 1).IsNil() {
		in.state.Main().Work(1)
		n++
	}
	w.Array(n)
	for i := 1; i <= n; i++ {
		in.write(w, t.GetInt(i), depth)
	}
}

// reader converts replies to values.
type reader struct {
	th *lua.Thread
	b  []byte
}

// line returns the rest of the line after the type byte.
func (r *reader) line() []byte {
	for i := 1; ; i++ {
		if r.b[i] == '\r' {
			l := r.b[1:i]
			r.b = r.b[i+2:]
			return l
		}
	}
}

func (r *reader) number() int {
	n, neg := 0, false
	for _, c := range r.line() {
		if c == '-' {
			neg = true
		} else {
			n = n*10 + int(c-'0')
		}
	}
	if neg {
		return -n
	}
	return n
}

func (r *reader) bulk() []byte {
	n := r.number()
	r.th.Work(n >> 7)
	text := r.b[:n]
	r.b = r.b[n+2:]
	return text
}

func single(name string, v lua.Value) lua.Value {
	t := lua.NewTable(0, 1)
	t.SetField(name, v)
	return t.Value()
}

// value reads a reply that a Writer has written.
func (r *reader) value() lua.Value {
	r.th.Work(1)
	switch r.b[0] {
	case ':':
		return lua.Int(r.number())
	case '$':
		if r.b[1] == '-' {
			r.line()
			return lua.False
		}
		return lua.Bytes(r.bulk())
	case '+':
		return single("ok", lua.Bytes(r.line()))
	case '-':
		v := errorValue("-" + string(r.line()))
		v.Table().SetField("ignore_error_stats_update", lua.True)
		return v
	case '*', '>':
		if r.b[1] == '-' {
			r.line()
			return lua.False
		}
		n := r.number()
		t := lua.NewTable(0, 0)
		for i := range n {
			t.SetInt(i+1, r.value())
		}
		return t.Value()
	case '_':
		r.line()
		return lua.Value{}
	case '#':
		return lua.Boolean(r.line()[0] == 't')
	case ',':
		f, _ := lua.ScanNumber(string(r.line()))
		return single("double", lua.Num(f))
	case '(':
		return single("big_number", lua.Bytes(r.line()))
	case '=':
		text := r.bulk()
		t := lua.NewTable(0, 0)
		t.SetField("string", lua.Bytes(text[4:]))
		t.SetField("format", lua.Bytes(text[:3]))
		return single("verbatim_string", t.Value())
	case '%':
		n := r.number()
		t := lua.NewTable(0, 0)
		for range n {
			k := r.value()
			v := r.value()
			if !k.IsNil() {
				t.Set(k, v)
			}
		}
		return single("map", t.Value())
	case '~':
		n := r.number()
		t := lua.NewTable(0, 0)
		for range n {
			if k := r.value(); !k.IsNil() {
				t.Set(k, lua.True)
			}
		}
		return single("set", t.Value())
	case '|':
		for range 2 * r.number() {
			r.value()
		}
		return r.value()
	}
	panic("script: a reply of no known type")
}

// errorValue makes the table for an error; text is "-CODE text" or only the
// text.
func errorValue(text string) lua.Value {
	code := "ERR"
	if rest, ok := strings.CutPrefix(text, "-"); ok {
		if c, msg, found := strings.Cut(rest, " "); found {
			code, text = c, msg
		} else {
			text = rest
		}
	}
	text = strings.Trim(text, "\r\n")
	if i := strings.IndexByte(text, 0); i >= 0 {
		text = text[:i]
	}
	return single("err", lua.Str(code+" "+text))
}
