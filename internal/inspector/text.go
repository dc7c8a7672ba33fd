package inspector

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"strconv"
	"unicode/utf8"

	"github.com/resp-server/resp-server/internal/resp"
)

// text is a string of any bytes. In JSON it is a string if it is UTF-8 and whole.
// Otherwise it is an object with its length in bytes, and as much of it as is shown,
// as text or base64.
type text string

// shown limits how much of a string is sent within a list.
const shown = 4 << 10

type longText struct {
	Text   string `json:"text,omitempty"`
	Base64 string `json:"base64,omitempty"`
	Bytes  int    `json:"bytes"`
	Cut    bool   `json:"cut,omitempty"`
}

// MarshalJSON implements json.Marshaler.
func (t text) MarshalJSON() ([]byte, error) { return t.upTo(shown) }

func (t text) upTo(most int) ([]byte, error) {
	head, cut := string(t), len(t) > most
	if cut {
		head = head[:most]
		for i := range utf8.UTFMax - 1 { // whole characters, if they are some
			if valid := head[:most-i]; utf8.ValidString(valid) {
				head = valid
				break
			}
		}
	}
	switch {
	case !utf8.ValidString(head):
		return json.Marshal(longText{Base64: base64.StdEncoding.EncodeToString([]byte(head)), Bytes: len(t), Cut: cut})
	case cut:
		return json.Marshal(longText{Text: head, Bytes: len(t), Cut: true})
	}
	return json.Marshal(head)
}

// whole is a text that is sent in full.
type whole string

// MarshalJSON implements json.Marshaler.
func (t whole) MarshalJSON() ([]byte, error) { return text(t).upTo(len(t)) }

// word is an argument that the page sends, in either form of a text.
type word string

// UnmarshalJSON implements json.Unmarshaler.
func (w *word) UnmarshalJSON(b []byte) error {
	if len(b) > 0 && b[0] == '"' {
		return json.Unmarshal(b, (*string)(w))
	}
	var long longText
	if err := json.Unmarshal(b, &long); err != nil {
		return err
	}
	if long.Cut {
		return errors.New("a text that is cut off can't be an argument")
	}
	raw, err := base64.StdEncoding.DecodeString(long.Base64)
	*w = word(string(raw) + long.Text)
	return err
}

// exact is up to where the numbers of JavaScript are integers.
const exact = 1 << 53

// shape returns a reply in the form that is sent: null, a number, a text, a list, or
// an object with the one field that says what else it is.
func shape(r resp.Reply) any {
	switch r.Kind {
	case resp.Null, resp.NullArray:
		return nil
	case resp.ErrorReply, resp.BulkError:
		return map[string]any{"error": text(r.Str)}
	case resp.SimpleString:
		return map[string]any{"status": text(r.Str)}
	case resp.Integer:
		if r.Integer > exact || r.Integer < -exact {
			return map[string]any{"status": strconv.FormatInt(r.Integer, 10)}
		}
		return r.Integer
	case resp.Bool:
		return r.Integer != 0
	case resp.Map:
		pairs := make([][2]any, 0, len(r.Elems)/2)
		for i := 0; i+1 < len(r.Elems); i += 2 {
			pairs = append(pairs, [2]any{shape(r.Elems[i]), shape(r.Elems[i+1])})
		}
		return map[string]any{"map": pairs}
	case resp.Array, resp.Set, resp.Push:
		list := make([]any, len(r.Elems))
		for i, e := range r.Elems {
			list[i] = shape(e)
		}
		return list
	}
	return text(r.Str)
}

// texts returns the elements of a list as texts.
func texts(r resp.Reply) []text {
	list := make([]text, len(r.Elems))
	for i, e := range r.Elems {
		list[i] = text(e.Str)
	}
	return list
}

// field returns the value of a name in a map, or in an array of alternating names and
// values.
func field(r resp.Reply, name string) resp.Reply {
	for i := 0; i+1 < len(r.Elems); i += 2 {
		if r.Elems[i].Str == name {
			return r.Elems[i+1]
		}
	}
	return resp.Reply{}
}
