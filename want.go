package respserver

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/resp-server/resp-server/internal/linediff"
)

// AnyOrder lists elements that Want expects in any order: of a set, or of an array
// without a defined order, such as the reply of KEYS.
type AnyOrder []string

// Want runs a command as Must does, and fails the test unless the reply is what it
// wants:
//
//   - nil: a null
//   - a string: a string or a status such as OK
//   - an int or int64: an integer; a float64: a double; a bool: a boolean
//   - an Error: this error, or with a single word any error of that code:
//     Error("WRONGTYPE")
//   - a []string or []any of these: an array
//   - AnyOrder: a set, or an array in any order
//   - a map[string]string or map[string]any: a map, or an array of alternating keys
//     and values or of pairs
//   - a Reply: this one
//
// The failure shows the differences line by line, as redis-cli prints replies.
func (s *TestServer) Want(want any, args ...any) {
	s.t.Helper()
	if bubble() != s.bubble {
		s.t.Fatalf("%v", errOtherBubble)
		return
	}
	got, err := s.Do(context.Background(), args...)
	if err != nil && got.Err() == nil {
		s.t.Fatalf("%s: %v", commandText(args), err)
		return
	}
	if diff := wantDiff(want, got); diff != "" {
		s.t.Fatalf("%s:\n%s", commandText(args), diff)
	}
}

func commandText(args []any) string {
	return fmt.Sprintf("%.200s", strings.TrimSuffix(fmt.Sprintln(args...), "\n"))
}

// wantDiff returns how a reply differs from what the test wants, or "".
func wantDiff(want any, got Reply) string {
	w, g := wantedText(want, ""), gotText(want, got, "")
	if w == g {
		return ""
	}
	return linediff.Show(lines(w), lines(g))
}

// wantedText formats what the test wants. The first line continues the current
// line; the others start with the indent.
func wantedText(want any, indent string) string {
	switch want := want.(type) {
	case nil:
		return "(nil)"
	case string:
		return strconv.Quote(want)
	case []byte:
		return strconv.Quote(string(want))
	case int:
		return fmt.Sprintf("(integer) %d", want)
	case int64:
		return fmt.Sprintf("(integer) %d", want)
	case float64:
		return "(double) " + strconv.FormatFloat(want, 'g', -1, 64)
	case bool:
		return fmt.Sprintf("(boolean) %t", want)
	case Error:
		return "(error) " + string(want)
	case Reply:
		return gotText(nil, want, indent)
	case AnyOrder:
		return wantedText(slices.Sorted(slices.Values(want)), indent)
	case []string:
		return numbered(len(want), indent, func(i int, inner string) string { return wantedText(want[i], inner) })
	case []any:
		return numbered(len(want), indent, func(i int, inner string) string { return wantedText(want[i], inner) })
	case map[string]string:
		return named(slices.Sorted(maps.Keys(want)), indent, func(key, inner string) string { return wantedText(want[key], inner) })
	case map[string]any:
		return named(slices.Sorted(maps.Keys(want)), indent, func(key, inner string) string { return wantedText(want[key], inner) })
	}
	panic(fmt.Sprintf("respserver: Want knows no %T", want))
}

// gotText formats a reply in the form of what the test wants, if the reply fits
// that form.
func gotText(want any, got Reply, indent string) string {
	if _, ok := want.(Reply); ok {
		want = nil
	}
	switch got.Kind {
	case KindNull, KindNullArray:
		return "(nil)"
	case KindInteger:
		return fmt.Sprintf("(integer) %d", got.Integer)
	case KindDouble:
		return "(double) " + strconv.FormatFloat(got.Double, 'g', -1, 64)
	case KindBool:
		return fmt.Sprintf("(boolean) %t", got.Integer == 1)
	case KindBigNumber:
		return "(big number) " + got.Str
	case KindError, KindBulkError:
		if w, ok := want.(Error); ok && !strings.Contains(string(w), " ") && w.Code() == Error(got.Str).Code() {
			return wantedText(w, indent)
		}
		return wantedText(Error(got.Str), indent)
	case KindSimpleString, KindBulkString, KindVerbatim:
		return strconv.Quote(got.Str)
	}
	elem := func(int) any { return nil }
	elems := got.Elems
	switch want := want.(type) {
	case map[string]string:
		if values, ok := pairs(got); ok {
			return named(slices.Sorted(maps.Keys(values)), indent, func(key, inner string) string { return gotText(nil, values[key], inner) })
		}
	case map[string]any:
		if values, ok := pairs(got); ok {
			return named(slices.Sorted(maps.Keys(values)), indent, func(key, inner string) string { return gotText(want[key], values[key], inner) })
		}
	case AnyOrder:
		elems = slices.SortedFunc(slices.Values(elems), func(a, b Reply) int { return strings.Compare(a.Str, b.Str) })
	case []any:
		elem = func(i int) any {
			if i < len(want) {
				return want[i]
			}
			return nil
		}
	}
	if got.Kind == KindMap && want == nil {
		if values, ok := pairs(got); ok {
			return named(slices.Sorted(maps.Keys(values)), indent, func(key, inner string) string { return gotText(nil, values[key], inner) })
		}
	}
	return numbered(len(elems), indent, func(i int, inner string) string { return gotText(elem(i), elems[i], inner) })
}

// pairs returns a reply as a map, if it is a map or has the form of one.
func pairs(r Reply) (values map[string]Reply, ok bool) {
	values = make(map[string]Reply)
	elems := r.Elems
	if r.Kind == KindArray && len(elems) > 0 && elems[0].Kind == KindArray {
		elems = nil
		for _, e := range r.Elems {
			if e.Kind != KindArray || len(e.Elems) != 2 {
				return nil, false
			}
			elems = append(elems, e.Elems...)
		}
	}
	if len(elems)%2 != 0 {
		return nil, false
	}
	for i := 0; i < len(elems); i += 2 {
		switch elems[i].Kind {
		case KindSimpleString, KindBulkString, KindVerbatim, KindInteger, KindDouble:
			values[elems[i].Text()] = elems[i+1]
		default:
			return nil, false
		}
	}
	return values, true
}

func numbered(n int, indent string, text func(i int, inner string) string) string {
	if n == 0 {
		return "(empty)"
	}
	var b strings.Builder
	for i := range n {
		if i > 0 {
			b.WriteString("\n" + indent)
		}
		label := fmt.Sprintf("%d) ", i+1)
		b.WriteString(label + text(i, indent+strings.Repeat(" ", len(label))))
	}
	return b.String()
}

func named(keys []string, indent string, text func(key, inner string) string) string {
	if len(keys) == 0 {
		return "(empty)"
	}
	var b strings.Builder
	for i, key := range keys {
		if i > 0 {
			b.WriteString("\n" + indent)
		}
		label := strconv.Quote(key) + " => "
		b.WriteString(label + text(key, indent+"   "))
	}
	return b.String()
}
