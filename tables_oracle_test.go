package respserver_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	respserver "github.com/resp-server/resp-server"
	"github.com/resp-server/resp-server/internal/compat"
	"github.com/resp-server/resp-server/internal/resp"
	"github.com/resp-server/resp-server/internal/transcript"
)

// These tests compare tables with the real server at hand and the edition that is
// its version.

// describedSince70 lists, by kind of fact, the commands that Redis 7.0 describes in
// other words or trees: the editions describe all commands as later versions do.
var describedSince70 = map[string]string{
	"arguments": `
		acl|cat bitcount bitfield bitfield_ro bitop bitpos client|kill client|list client|reply client|unblock
		cluster|addslotsrange cluster|delslotsrange cluster|meet cluster|reset cluster|setslot command|getkeys
		command|getkeysandflags config|get config|set flushall flushdb function|flush geoadd geohash geopos
		georadius georadius_ro georadiusbymember georadiusbymember_ro geosearch geosearchstore hello hmset
		hscan hset lcs migrate module|loadex mset msetnx pfmerge psubscribe script|flush shutdown sort sort_ro
		xadd xclaim xgroup|create xgroup|createconsumer xgroup|delconsumer xgroup|destroy xgroup|setid
		xinfo|consumers xinfo|stream xreadgroup xsetid zadd zrange zrangebylex zrangebyscore zrangestore zrank
		zrevrangebylex zrevrangebyscore zrevrank`,
	"complexity": `
		cluster|getkeysinslot cluster|replicas cluster|slaves geodist geohash geopos hscan psubscribe
		punsubscribe sscan sunsubscribe unsubscribe xread zrandmember zscan`,
	"deprecated_since": `psetex setex setnx`,
	"doc_flags":        `psetex setex setnx`,
	"history":          `georadius_ro georadiusbymember georadiusbymember_ro`,
	"replaced_by":      `psetex setex setnx`,
	"since":            `client|pause`,
}

// everlasting are the facts that newer versions do not change.
var everlasting = []string{"first key", "last key", "step", "group"}

// realAndOurs returns a real server and ours, which is the same version if there is
// one: a newer one has none.
func realAndOurs(t *testing.T) (real, ours asker, newer bool) {
	t.Helper()
	server := transcript.StartForTest(t, "")
	conn, err := server.Dial(t.Context())
	real = ask(t, conn, err)
	var version [2]int
	fmt.Sscanf(server.Version(), "%d.%d", &version[0], &version[1])
	var o respserver.Options
	if name := fmt.Sprintf("redis-%d.%d", version[0], version[1]); compat.Find(name) != nil {
		o.Compat = name
	}
	conn, err = respserver.StartTest(t, o).Dial(t.Context())
	return real, ask(t, conn, err), o.Compat == ""
}

// TestInfoOfRealServer: INFO has the fields of the real server in their order.
func TestInfoOfRealServer(t *testing.T) {
	t.Parallel()
	real, ours, newer := realAndOurs(t)
	fields := func(ask asker) []string {
		return infoFields(ask("INFO", "everything").Str + "\r\n" + ask("INFO", "debug").Str)
	}
	want, got := fields(real), fields(ours)
	if newer { // it may have more
		want = slices.DeleteFunc(want, func(f string) bool { return !slices.Contains(got, f) })
	}
	if !slices.Equal(got, want) {
		t.Errorf("got  %q\nwant %q", got, want)
	}
}

// fact is a fact about a command that a server reports.
type fact struct{ command, what string }

// commandFacts returns everything that COMMAND INFO and COMMAND DOCS report, except
// for texts in our own words. Of the history it has only the versions.
func commandFacts(ask asker) map[fact]string {
	facts := map[fact]string{}
	var describe func(info resp.Reply)
	describe = func(info resp.Reply) {
		name := info.Elems[0].Str
		for i, what := range []string{"arity", "flags", "first key", "last key", "step", "categories", "tips", "keys"} {
			facts[fact{name, what}] = info.Elems[i+1].String()
		}
		docs := ask("COMMAND", "DOCS", name).Elems[1].Elems
		for i := 0; i < len(docs); i += 2 {
			switch what, v := docs[i].Str, docs[i+1]; what {
			case "summary", "subcommands":
			case "complexity": // in our own words for what came with Redis 8
				if docs[3].Str < "8" {
					facts[fact{name, what}] = v.String()
				}
			case "history":
				var versions []string
				for _, h := range v.Elems {
					versions = append(versions, h.Elems[0].Str)
				}
				facts[fact{name, what}] = strings.Join(versions, " ")
			case "arguments":
				facts[fact{name, what}] = withoutDisplayText(v).String()
			default:
				facts[fact{name, what}] = v.String()
			}
		}
		for _, sub := range info.Elems[9].Elems {
			describe(sub)
		}
	}
	for _, info := range ask("COMMAND").Elems {
		describe(info)
	}
	return facts
}

// withoutDisplayText removes the display text of arguments, of which Redis 7.0 has
// only a few, and the summaries that some of 8.8 have.
func withoutDisplayText(args resp.Reply) resp.Reply {
	var list []resp.Reply
	for _, a := range args.Elems {
		var kept []resp.Reply
		for i := 0; i < len(a.Elems); i += 2 {
			switch a.Elems[i].Str {
			case "display_text", "summary":
			case "arguments":
				kept = append(kept, a.Elems[i], withoutDisplayText(a.Elems[i+1]))
			default:
				kept = append(kept, a.Elems[i:i+2]...)
			}
		}
		a.Elems = kept
		list = append(list, a)
	}
	args.Elems = list
	return args
}

// TestCommandsOfRealServer: COMMAND, COMMAND INFO and COMMAND DOCS report the same
// as the real server.
func TestCommandsOfRealServer(t *testing.T) {
	t.Parallel()
	real, ours, newer := realAndOurs(t)
	want, got := commandFacts(real), commandFacts(ours)
	changed := map[fact]bool{}
	if v := ours("INFO", "server").Str; strings.Contains(v, "redis_version:7.0.") {
		for what, names := range describedSince70 {
			for name := range strings.FieldsSeq(names) {
				changed[fact{name, what}] = true
			}
		}
	}
	differ := map[string][]string{}
	all := maps.Clone(got)
	maps.Copy(all, want)
	for f := range all {
		if newer && !slices.Contains(everlasting, f.what) {
			continue
		}
		_, here := got[fact{f.command, "arity"}]
		_, there := want[fact{f.command, "arity"}]
		if here && there && got[f] != want[f] && !changed[f] {
			differ[f.what] = append(differ[f.what], f.command)
			t.Errorf("%s of %s: got %.500s\nwant %.500s", f.what, f.command, got[f], want[f])
		}
	}
	for f := range changed {
		if got[f] == want[f] {
			t.Errorf("%s of %s is the same in both versions", f.what, f.command)
		}
	}
	for what := range differ {
		slices.Sort(differ[what])
		t.Logf("%q: %q", what, strings.Join(differ[what], " "))
	}
}
