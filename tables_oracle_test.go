package respserver_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	respserver "github.com/resp-server/resp-server"
	"github.com/resp-server/resp-server/internal/resp"
	"github.com/resp-server/resp-server/internal/transcript"
)

// These tests compare tables with the real server at hand, whose version differs
// from the one we implement. They list the differences between the versions, and
// nothing else may differ.

// newerFields are the fields of INFO that Redis 7.0 lacks.
const newerFields = `
	pubsub_clients watching_clients total_watched_keys total_blocking_keys total_blocking_keys_on_nokey
	allocator_muzzy mem_overhead_db_hashtable_rehashing
	expired_subkeys evicted_scripts client_query_buffer_limit_disconnections client_output_buffer_limit_disconnections
	eventloop_cycles eventloop_duration_sum eventloop_duration_cmd_sum
	instantaneous_eventloop_cycles_per_sec instantaneous_eventloop_duration_usec
	acl_access_denied_auth acl_access_denied_cmd acl_access_denied_key acl_access_denied_channel
	eventloop_duration_max eventloop_cmd_per_cycle_max eventloop_duration_aof_sum eventloop_duration_cron_sum
	allocator_allocated_lua allocator_active_lua allocator_resident_lua allocator_frag_bytes_lua`

// changedSince70 lists, by kind of fact, the commands of which Redis 7.0 reports
// something else.
var changedSince70 = map[string]string{
	"arguments": `
		acl|cat bitcount bitfield bitfield_ro bitop bitpos client|kill client|list client|reply client|unblock
		cluster|addslotsrange cluster|delslotsrange cluster|meet cluster|reset cluster|setslot command|getkeys
		command|getkeysandflags config|get config|set flushall flushdb function|flush geoadd geohash geopos
		georadius georadius_ro georadiusbymember georadiusbymember_ro geosearch geosearchstore hello hmset hscan
		hset lcs migrate module|loadex mset msetnx pfmerge psubscribe script|flush shutdown sort sort_ro xadd
		xclaim xgroup|create xgroup|createconsumer xgroup|delconsumer xgroup|destroy xgroup|setid xinfo|consumers
		xinfo|stream xreadgroup xsetid zadd zrange zrangebylex zrangebyscore zrangestore zrank zrevrangebylex
		zrevrangebyscore zrevrank`,
	"arity":      `command|getkeys command|getkeysandflags zrank zrevrank`,
	"categories": `wait`,
	"complexity": `
		cluster|getkeysinslot cluster|replicas cluster|slaves geodist geohash geopos hscan psubscribe
		punsubscribe sscan sunsubscribe unsubscribe xread zrandmember zscan`,
	"deprecated_since": `psetex quit setex setnx`,
	"doc_flags":        `psetex quit setex setnx`,
	"flags":            `blmove blpop brpop brpoplpush bzpopmax bzpopmin cluster|shards cluster|slots wait`,
	"history": `
		acl|log client|kill georadius_ro georadiusbymember georadiusbymember_ro xinfo|consumers xinfo|stream
		zrank zrevrank`,
	"keys":        `sinterstore`,
	"replaced_by": `psetex quit setex setnx`,
	"since":       `client|pause`,
	"tips": `
		acl|deluser acl|save acl|setuser client|setname config|resetstat config|rewrite latency|reset msetnx
		randomkey scan`,
}

// everlasting are the facts that newer versions do not change.
var everlasting = []string{"first key", "last key", "step", "group"}

// realAndOurs returns a real server and ours, and whether the real one is older
// (below 0) or newer than the version we implement.
func realAndOurs(t *testing.T) (real, ours asker, age int) {
	t.Helper()
	server := transcript.StartForTest(t, "")
	conn, err := server.Dial(t.Context())
	real = ask(t, conn, err)
	conn, err = respserver.StartTest(t).Dial(t.Context())
	var version [2]int
	fmt.Sscanf(server.Version(), "%d.%d", &version[0], &version[1])
	return real, ask(t, conn, err), slices.Compare(version[:], []int{7, 4})
}

// TestInfoOfRealServer: INFO has the fields of the real server in their order.
func TestInfoOfRealServer(t *testing.T) {
	t.Parallel()
	real, ours, age := realAndOurs(t)
	var newer []string
	if age < 0 {
		newer = strings.Fields(newerFields)
	}
	fields := func(ask asker) []string {
		all := infoFields(ask("INFO", "everything").Str + "\r\n" + ask("INFO", "debug").Str)
		return slices.DeleteFunc(all, func(f string) bool {
			name, _, _ := strings.Cut(f, " ")
			return f == "# Debug" && age < 0 || slices.Contains(newer, name)
		})
	}
	want, got := fields(real), fields(ours)
	if age > 0 { // a newer one may have more
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
// only a few.
func withoutDisplayText(args resp.Reply) resp.Reply {
	var list []resp.Reply
	for _, a := range args.Elems {
		var kept []resp.Reply
		for i := 0; i < len(a.Elems); i += 2 {
			switch a.Elems[i].Str {
			case "display_text":
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
	real, ours, age := realAndOurs(t)
	want, got := commandFacts(real), commandFacts(ours)
	changed := map[fact]bool{}
	for what, names := range changedSince70 {
		for name := range strings.FieldsSeq(names) {
			changed[fact{name, what}] = age < 0
		}
	}
	differ := map[string][]string{}
	all := maps.Clone(got)
	maps.Copy(all, want)
	for f := range all {
		if age > 0 && !slices.Contains(everlasting, f.what) {
			continue
		}
		_, here := got[fact{f.command, "arity"}]
		_, there := want[fact{f.command, "arity"}]
		if here && there && got[f] != want[f] && !changed[f] {
			differ[f.what] = append(differ[f.what], f.command)
			t.Errorf("%s of %s: got %.500s\nwant %.500s", f.what, f.command, got[f], want[f])
		}
		if here && there && got[f] == want[f] && changed[f] {
			t.Errorf("%s of %s is the same in both versions", f.what, f.command)
		}
	}
	for what := range differ {
		slices.Sort(differ[what])
		t.Logf("%q: %q", what, strings.Join(differ[what], " "))
	}
}
