package transcript

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/resp-server/resp-server/internal/linediff"
	"time"

	"github.com/resp-server/resp-server/internal/notation"
)

// Options configure a run. The zero value has the defaults.
type Options struct {
	// Timeout limits the time for a reply; default 5 s. A server that loses a reply
	// reaches it, a blocked client does not.
	Timeout time.Duration
	// FileTimeout ends a file that hangs; default 2 minutes.
	FileTimeout time.Duration
	// Between, if set, is called between two blocks while all connections are open,
	// to check that an operation such as writing and reading back the data does not
	// change replies.
	Between func() error
	// Known are the titles of blocks in which the target is known to differ, with the
	// reasons. Such a block is played, and skipped where it differs.
	Known map[string]string
}

// Run replays the file against target, with a subtest for each block. It plays all
// blocks before the subtests report, because state carries over from block to
// block: -run chooses what is reported. A block whose steps are all gated out is
// skipped, with the gate as the reason. Run empties the server first, and restores
// its configuration afterwards.
func (f *File) Run(t *testing.T, target Target, opts Options) {
	t.Helper()
	results, err := f.play(target, opts, func(st *step, v *variant, got *notation.Node) (string, error) {
		return f.judge(st, v, got), nil
	})
	for _, r := range results {
		t.Run(r.title, func(t *testing.T) {
			if why := opts.Known[r.title]; why != "" && len(r.failures) > 0 {
				t.Skip("known to differ: " + why)
			}
			for _, msg := range r.failures {
				t.Error(msg)
			}
			if r.skip != "" && len(r.failures) == 0 {
				t.Skip("skipped: " + r.skip)
			}
		})
	}
	if err != nil {
		t.Error(err)
	}
}

// result is the result of a block.
type result struct {
	title    string
	skip     string
	failures []string
}

const (
	maxFailures = 5  // number shown of a block
	maxSession  = 30 // lines of the session shown with the first failure
)

// play runs the steps in order. visit gets every reply with the expected variant
// (nil for none) and returns what is wrong with it, if anything. An error of visit,
// a directive or a connection ends the file.
func (f *File) play(target Target, opts Options, visit func(*step, *variant, *notation.Node) (string, error)) (results []result, err error) {
	if opts.Timeout == 0 {
		opts.Timeout = 5 * time.Second
	}
	if opts.FileTimeout == 0 {
		opts.FileTimeout = 2 * time.Minute
	}
	ctx, cancel := context.WithTimeout(context.Background(), opts.FileTimeout)
	defer cancel()
	s := &session{ctx: ctx, target: target, server: describe(target), timeout: opts.Timeout,
		clients: map[string]*client{}, proto: map[string]string{}, ids: f.ids}
	defer func() {
		if e := s.close(); err == nil && e != nil {
			err = fmt.Errorf("%s: restoring the configuration: %w", f.name, e)
		}
	}()
	if err := s.open(); err != nil {
		return nil, fmt.Errorf("%s: %w", f.name, err)
	}
	var log []string
	stopped := "" // why the rest of the file is skipped
	for i, b := range f.blocks {
		r := result{title: b.title}
		played := 0
		for _, st := range b.steps {
			if stopped != "" {
				break
			}
			if g, no := closed(st.gates, s.server); no {
				r.skip = fmt.Sprintf("%s %s, and this is %s %s", g.word, g.arg, target.Name(), target.Version())
				continue
			}
			played++
			log = append(log, st.text)
			v := st.variant(s.server)
			var got *notation.Node
			if st.action == direct {
				err = s.direct(st)
			} else {
				hurry := v == nil || v.want == nil || v.want.Is(notation.Blocked)
				got, err = s.exchange(st, hurry)
			}
			if err == nil && got != nil {
				log = append(log, strings.Split(got.String(), "\n")...)
				var msg string
				if msg, err = visit(st, v, got); msg != "" {
					if len(r.failures) == 0 {
						tail := log[max(0, len(log)-maxSession):]
						msg += "\nsession:\n  " + strings.Join(tail, "\n  ")
					}
					if len(r.failures) < maxFailures {
						r.failures = append(r.failures, msg)
					}
					if got.Is(notation.Blocked) {
						s.drop(s.clients[st.client]) // otherwise its late reply would be taken for the next one
					}
				}
			}
			if errors.Is(err, errors.ErrUnsupported) && played > 0 {
				stopped = fmt.Sprintf("%s:%d: %v", f.name, st.line, err)
				err = nil
			}
			if err != nil {
				return append(results, r), fmt.Errorf("%s:%d: %s: %w", f.name, st.line, st.text, err)
			}
		}
		if stopped != "" {
			r.skip = stopped
		} else if played > 0 {
			r.skip = ""
		}
		results = append(results, r)
		if opts.Between != nil && i+1 < len(f.blocks) && stopped == "" {
			s.flush()
			if err := opts.Between(); err != nil {
				return results, fmt.Errorf("%s: after %q: %w", f.name, b.title, err)
			}
		}
	}
	s.flush()
	return results, nil
}

// judge compares a reply with the expected one and describes the difference.
func (f *File) judge(st *step, v *variant, got *notation.Node) string {
	if v != nil && v.want != nil && v.want.Matches(got) {
		return ""
	}
	at := fmt.Sprintf("%s:%d: %s", f.name, st.line, st.text)
	if v == nil || v.want == nil {
		return at + "\nno reply is recorded for this server; it said:\n  " + strings.ReplaceAll(got.String(), "\n", "\n  ")
	}
	shown := notation.Merge(v.want, got) // so that matching matchers do not show as differences
	return at + "\n" + linediff.Show(strings.Split(v.want.String(), "\n"), strings.Split(shown.String(), "\n"))
}
