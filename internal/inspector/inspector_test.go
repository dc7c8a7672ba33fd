package inspector_test

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	respserver "github.com/resp-server/resp-server"
	"github.com/resp-server/resp-server/internal/effort"
	"github.com/resp-server/resp-server/internal/inspector"
	"github.com/resp-server/resp-server/internal/resp"
)

// page is an inspector as a browser sees it.
type page struct {
	t     *testing.T
	base  string // "http://127.0.0.1:1234"
	token string
}

// open starts a server with an inspector. It has a manual clock.
func open(t *testing.T, testing bool) (*respserver.TestServer, *page) {
	t.Helper()
	srv := respserver.StartTest(t, respserver.Options{
		Inspector: "127.0.0.1:0", Clock: respserver.NewManualClock(time.Unix(1_900_000_000, 0)),
		Config: []string{"enable-testing-command " + map[bool]string{true: "yes", false: "no"}[testing], "spaces yes"},
	})
	base, token, ok := strings.Cut(srv.InspectorURL(), "/#token=")
	if !ok {
		t.Fatalf("the URL is %q", srv.InspectorURL())
	}
	return srv, &page{t, base, token}
}

// send sends a request with a token, after change, and returns the status and the body.
func (p *page) send(method, path, body string, change func(*http.Request)) (int, string) {
	p.t.Helper()
	r, err := http.NewRequestWithContext(p.t.Context(), method, p.base+path, strings.NewReader(body))
	if err != nil {
		p.t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer "+p.token)
	r.Header.Set("Content-Type", "application/json")
	if change != nil {
		change(r)
	}
	answer, err := http.DefaultTransport.RoundTrip(r)
	if err != nil {
		p.t.Fatal(err)
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err != nil {
		p.t.Fatal(err)
	}
	return answer.StatusCode, string(text)
}

// get returns what a path of the API answers.
func (p *page) get(path string) string {
	p.t.Helper()
	status, text := p.send("GET", "/api/"+path, "", nil)
	if status != http.StatusOK {
		p.t.Fatalf("%s: %d %s", path, status, text)
	}
	return text
}

// into decodes what a path of the API answers.
func into[T any](p *page, path string) (v T) {
	p.t.Helper()
	if err := json.Unmarshal([]byte(p.get(path)), &v); err != nil {
		p.t.Fatal(err)
	}
	return v
}

// TestOnlyForItsPage: a request gets something only if it names this machine, comes
// from the inspector's own page, and has the token.
func TestOnlyForItsPage(t *testing.T) {
	_, p := open(t, true)
	own := strings.TrimPrefix(p.base, "http://")
	_, port, _ := net.SplitHostPort(own)
	header := func(name, value string) func(*http.Request) {
		return func(r *http.Request) { r.Header.Set(name, value) }
	}
	host := func(name string) func(*http.Request) { return func(r *http.Request) { r.Host = name } }
	for _, c := range []struct {
		name   string
		path   string
		change func(*http.Request)
		want   int
	}{
		{"with the token", "/api/keys", nil, 200},
		{"by the name localhost", "/api/keys", host("localhost:" + port), 200},
		{"without the token", "/api/keys", func(r *http.Request) { r.Header.Del("Authorization") }, 401},
		{"with another token", "/api/keys", header("Authorization", "Bearer x"), 401},
		{"with the token in the address", "/api/keys?token=" + p.token, func(r *http.Request) { r.Header.Del("Authorization") }, 401},
		{"by a name of somebody else", "/api/keys", host("evil.example:" + port), 403},
		{"by the address without the port", "/api/keys", host("127.0.0.1"), 403},
		{"by another port", "/api/keys", host("127.0.0.1:1"), 403},
		{"the page, by a name of somebody else", "/", host("evil.example:" + port), 403},
		{"a module, by a name of somebody else", "/app.js", host("evil.example"), 403},
		{"from the own page", "/api/keys", header("Origin", p.base), 200},
		{"from another page", "/api/keys", header("Origin", "http://evil.example"), 403},
		{"from a page without origin", "/api/keys", header("Origin", "null"), 403},
		{"from a page of another port", "/api/keys", header("Origin", "http://127.0.0.1:1"), 403},
		{"by a name that the origin has not", "/api/keys", func(r *http.Request) { r.Host = "localhost:" + port; r.Header.Set("Origin", p.base) }, 403},
		{"by an image of another page", "/api/keys", header("Sec-Fetch-Site", "cross-site"), 403},
		{"by a page of another port", "/api/keys", header("Sec-Fetch-Site", "same-site"), 403},
		{"by itself", "/api/keys", header("Sec-Fetch-Site", "same-origin"), 200},
		{"live, without the token", "/api/live", func(r *http.Request) { r.Header.Del("Authorization") }, 401},
		{"the page, without the token", "/", func(r *http.Request) { r.Header.Del("Authorization") }, 200},
		{"a page of its own", "/keys", nil, 200},
		{"a page that is none", "/nosuch", nil, 404},
		{"a file that is no part of it", "/inspector.go", nil, 404},
		{"an answer that is none", "/api/nosuch", nil, 404},
	} {
		status, text := p.send("GET", c.path, "", c.change)
		if status != c.want {
			t.Errorf("%s: %d, not %d", c.name, status, c.want)
		}
		if status >= 400 && strings.Contains(text, `"keys"`) {
			t.Errorf("%s: got %s", c.name, text)
		}
	}
	for _, method := range []string{"PUT", "DELETE", "OPTIONS", "POST"} {
		if status, _ := p.send(method, "/api/keys", "", nil); status < 400 {
			t.Errorf("%s: %d", method, status)
		}
	}
}

// TestHeaders: the headers forbid a browser to load anything from elsewhere, and to keep anything.
func TestHeaders(t *testing.T) {
	_, p := open(t, false)
	answer, err := http.Get(p.base)
	if err != nil {
		t.Fatal(err)
	}
	answer.Body.Close()
	for name, want := range map[string]string{
		"Content-Security-Policy": "default-src 'self'", "X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer",
		"X-Frame-Options": "DENY", "Cache-Control": "no-store", "Content-Type": "text/html",
	} {
		if got := answer.Header.Get(name); !strings.HasPrefix(got, want) {
			t.Errorf("%s: %q", name, got)
		}
	}
	if strings.Contains(fmt.Sprint(answer.Header), p.token) {
		t.Error("a header has the token")
	}
}

// TestReadOnly: without test controls the server itself refuses every command.
func TestReadOnly(t *testing.T) {
	srv, p := open(t, false)
	srv.Must("SET", "k", "v")
	for _, body := range []string{`{"args":["SET","k","w"]}`, `{"args":["GET","k"]}`, `{"args":["FLUSHALL"]}`, `{}`, `x`} {
		if status, text := p.send("POST", "/api/do", body, nil); status != http.StatusForbidden || !strings.Contains(text, "--testing") {
			t.Errorf("%s: %d %s", body, status, text)
		}
	}
	for _, path := range []string{"key?key=k", "value?key=k", "keys", "info", "clients", "slow", "pubsub", "scripts", "settings", "testing", "server"} {
		p.get(path)
	}
	srv.Want("v", "GET", "k")
}

// TestDo: with test controls the page runs commands.
func TestDo(t *testing.T) {
	srv, p := open(t, true)
	for body, want := range map[string]string{
		`{"db":3,"args":["SET","k",{"base64":"/wA="}]}`:              `{"reply":{"status":"OK"}}`,
		`{"args":["INCR"]}`:                                          `{"reply":{"error":"ERR wrong number of arguments for 'incr' command"}}`,
		`{"args":["TESTING","CLOCK","FREEZE"]}`:                      `{"reply":{"status":"OK"}}`,
		`{"args":["MGET","a","b"]}`:                                  `{"reply":[null,null]}`,
		`{"args":["CONFIG","GET","port"]}`:                           `{"reply":{"map":[["port","0"]]}}`,
		`{"db":99,"args":["PING"]}`:                                  `{"reply":{"error":"ERR DB index is out of range"}}`,
		`{"args":["SETRANGE","n","0","` + "9007199254740993" + `"]}`: `{"reply":16}`,
	} {
		if status, text := p.send("POST", "/api/do", body, nil); status != 200 || text != want {
			t.Errorf("%s: %d %s", body, status, text)
		}
	}
	if r, err := srv.DoIn(t.Context(), 3, "GET", "k"); err != nil || r.Text() != "\xff\x00" {
		t.Errorf("got %q, %v", r, err)
	}
	for _, body := range []string{`{}`, `[]`, `x`, `{"args":[{"base64":"?"}]}`, `{"args":[{"text":"a","cut":true}]}`} {
		if status, _ := p.send("POST", "/api/do", body, nil); status != http.StatusBadRequest {
			t.Errorf("%s: %d", body, status)
		}
	}
	form := func(r *http.Request) { r.Header.Set("Content-Type", "text/plain") }
	if status, _ := p.send("POST", "/api/do", `{"args":["FLUSHALL"]}`, form); status != http.StatusUnsupportedMediaType {
		t.Errorf("what a form can send: %d", status)
	}
}

// hostile are keys and values that break pages, addresses or JSON.
var hostile = []string{
	"", "<script>alert(1)</script>", `"><img src=x onerror=alert(1)>`, "\x00\xff\xfe", "a\r\nb: c", "{{x}}", "'; DROP", "../../etc/passwd",
	"%00%2e%2e", "\u202egnp.exe", "💥", "a b&c=d#e?f+g", "__proto__", "\xf0\x9f", strings.Repeat("x", 70_000), "]]>", "\u2028",
}

// TestHostile: whatever bytes keys and values have, they come back as they are.
func TestHostile(t *testing.T) {
	srv, p := open(t, true)
	for _, k := range hostile {
		srv.Must("SET", k, k)
		srv.Must("HSET", "hash", k, k)
		srv.Must("XADD", "stream", "*", k, k)
	}
	keys := into[struct {
		Keys []struct {
			Key any `json:"key"`
		} `json:"keys"`
	}](p, "keys")
	if len(keys.Keys) != len(hostile)+2 {
		t.Errorf("%d keys", len(keys.Keys))
	}
	got := map[string]bool{}
	for _, k := range keys.Keys {
		got[decode(t, k.Key)] = true
	}
	for _, k := range hostile {
		if !got[k] {
			t.Errorf("%.40q is missing", k)
		}
		q := "key=" + url.QueryEscape(k)
		v := into[struct {
			Elements []any `json:"elements"`
		}](p, "value?"+q)
		if want := k[:min(len(k), 16<<10)]; decode(t, v.Elements[0]) != want {
			t.Errorf("%.40q: got %.40q", k, v.Elements[0])
		}
		p.get("key?" + q)
	}
	for _, path := range []string{"value?key=hash", "value?key=stream", "key?key=stream", "slow", "clients", "settings"} {
		if text := p.get(path); strings.ContainsAny(text, "<>\u2028") || !json.Valid([]byte(text)) {
			t.Errorf("%s: %.200s", path, text)
		}
	}
	p.get("key?key64=AP_-")
	if status, _ := p.send("GET", "/api/key?key64=!", "", nil); status != http.StatusBadRequest {
		t.Errorf("a bad key64: %d", status)
	}
}

// decode returns a text as the page gets it.
func decode(t *testing.T, v any) string {
	t.Helper()
	if s, ok := v.(string); ok {
		return s
	}
	var long struct {
		Text   string
		Base64 []byte
	}
	b, _ := json.Marshal(v)
	if err := json.Unmarshal(b, &long); err != nil {
		t.Fatal(err)
	}
	return long.Text + string(long.Base64)
}

type windowOf struct {
	Elements []map[string]any `json:"elements"`
	Next     string           `json:"next"`
}

// TestMillion: a key of a million elements shows its first window without reading the
// rest, and the windows together have each element.
func TestMillion(t *testing.T) {
	srv, p := open(t, true)
	long, others := 1_000_000, 100_000
	if effort.Long() {
		others = long
	}
	fill := func(command, element string, n int) {
		srv.Must("EVAL", `
			for i = 0, tonumber(ARGV[1]) - 1, 1000 do
				local list = {}
				for j = i, i + 999 do `+element+` end
				redis.call(ARGV[2], KEYS[1], unpack(list))
			end`, 1, command, n, command)
	}
	fill("RPUSH", "list[#list+1] = j", long)
	fill("SADD", "list[#list+1] = 'm' .. j", others)
	for _, command := range []string{"ZADD", "HSET"} {
		fill(command, "list[#list+1] = j; list[#list+1] = 'm' .. j", others)
	}
	for k, n := range map[string]int{"RPUSH": long, "SADD": others, "ZADD": others, "HSET": others} {
		info := into[struct{ Length int }](p, "key?key="+k)
		if info.Length != n {
			t.Errorf("%s has %d elements", k, info.Length)
		}
		seen := map[string]bool{}
		at := ""
		for range 3 {
			v := into[windowOf](p, "value?key="+k+"&at="+at)
			if len(v.Elements) < 90 || len(v.Elements) > 300 || v.Next == "" {
				t.Fatalf("%s from %q: %d elements, then %q", k, at, len(v.Elements), v.Next)
			}
			for _, e := range v.Elements {
				seen[fmt.Sprint(e["field"], e["value"])] = true
			}
			at = url.QueryEscape(v.Next)
		}
		if len(seen) < 290 {
			t.Errorf("%s: three windows have %d elements", k, len(seen))
		}
	}
	if v := into[windowOf](p, "value?key=ZADD&reverse=1"); v.Elements[0]["value"] != fmt.Sprint("m", others-1) {
		t.Errorf("the highest is %v", v.Elements[0])
	}
	if v := into[windowOf](p, "value?key=SADD&match=m7777*"); len(v.Elements) < 11 {
		t.Errorf("%d match", len(v.Elements))
	}
}

// TestManyKeys: pages of SCAN have every key once or more.
func TestManyKeys(t *testing.T) {
	srv, p := open(t, true)
	const n = 2000
	for i := range n {
		srv.Must("SET", fmt.Sprintf("k:%d", i), i)
	}
	seen := map[string]bool{}
	cursor, pages := "", 0
	for cursor != "0" {
		v := into[struct {
			Keys   []struct{ Key, Type, Encoding string }
			Cursor string
			Total  int
		}](p, "keys?cursor="+cursor)
		if v.Total != n || len(v.Keys) == 0 || v.Keys[0].Encoding != "int" {
			t.Fatalf("%+v", v)
		}
		for _, k := range v.Keys {
			seen[k.Key] = true
		}
		cursor = v.Cursor
		pages++
	}
	if len(seen) != n || pages < 3 {
		t.Errorf("%d keys in %d pages", len(seen), pages)
	}
	v := into[struct{ Keys []struct{ Key string } }](p, "keys?match=k:77*&type=string")
	if len(v.Keys) != 11 {
		t.Errorf("%d keys match", len(v.Keys))
	}
}

// TestValues: each type is shown as what it is.
func TestValues(t *testing.T) {
	srv, p := open(t, true)
	srv.Must("HSET", "hash", "a", "1", "b", "2")
	srv.Must("HPEXPIRE", "hash", 5000, "FIELDS", 1, "a")
	srv.Must("PFADD", "hll", "a", "b", "c")
	srv.Must("SETBIT", "bits", 9, 1)
	srv.Must("XADD", "stream", "1-1", "f", "v")
	srv.Must("XADD", "stream", "2-1", "f", "w")
	srv.Must("XGROUP", "CREATE", "stream", "g", 0)
	srv.Must("XREADGROUP", "GROUP", "g", "ann", "COUNT", 1, "STREAMS", "stream", ">")
	srv.Must("ARSET", "array", 7, "x")
	srv.Must("SET", "ttl", "v", "PX", 1500)
	pfcount := srv.Must("GET", "hll").Text()
	for path, want := range map[string]string{
		"value?key=hash":   `{"elements":[{"field":"a","ttl":5000,"value":"1"},{"field":"b","value":"2"}],"next":""}`,
		"value?key=stream": `{"elements":[{"fields":["f","w"],"id":"2-1"},{"fields":["f","v"],"id":"1-1"}],"next":""}`,
		"value?key=bits":   `{"elements":["\u0000@"],"next":""}`,
		"value?key=array":  `{"elements":[{"index":"7","value":"x"}],"next":""}`,
	} {
		if got := p.get(path); got != want {
			t.Errorf("%s: got %s", path, got)
		}
	}
	for path, want := range map[string]string{
		"key?key=hll":    `"hyperloglog":3`,
		"key?key=bits":   `"bits":1`,
		"key?key=ttl":    `"ttl":1500`,
		"key?key=stream": `"groups":[{"consumers":[{"map":[["name","ann"],["pending",1]`,
	} {
		if got := p.get(path); !strings.Contains(got, want) {
			t.Errorf("%s: got %s", path, got)
		}
	}
	if srv.Must("GET", "hll").Text() != pfcount {
		t.Error("to look at a HyperLogLog has changed it")
	}
	if status, _ := p.send("GET", "/api/key?key=nosuch", "", nil); status != http.StatusNotFound {
		t.Errorf("a key that is not there: %d", status)
	}
}

// TestUnseen: who looks changes no counter and no idle time, meets no fault, and is
// seen by nobody.
func TestUnseen(t *testing.T) {
	srv, p := open(t, true)
	srv.Must("SET", "k", "v")
	srv.Must("GET", "k")
	srv.Inject(respserver.Fault{Category: "read", Error: "ERR broken"})
	srv.Advance(time.Minute)
	figures := func() string {
		var all []string
		for line := range strings.Lines(srv.Must("INFO", "stats", "commandstats", "errorstats").Text()) {
			name, _, _ := strings.Cut(line, ":")
			switch name {
			case "total_commands_processed", "keyspace_hits", "keyspace_misses", "total_error_replies", "cmdstat_type", "cmdstat_get", "cmdstat_scan", "cmdstat_getrange", "cmdstat_object|encoding", "errorstat_ERR":
				all = append(all, strings.TrimSpace(line))
			}
		}
		return strings.Join(all, "\n")
	}
	rec := srv.Record()
	before := figures()
	for _, path := range []string{"keys", "key?key=k", "value?key=k", "server", "info", "slow", "clients", "settings", "scripts", "pubsub", "testing"} {
		p.get(path)
	}
	p.send("GET", "/api/value?key=nosuch", "", nil)
	after := figures()
	// The first INFO is one command more.
	before = strings.Replace(before, "total_commands_processed:2", "total_commands_processed:3", 1)
	if after != before {
		t.Errorf("the figures were\n%s\nand are\n%s", before, after)
	}
	rec.Expect(t, "INFO ...", respserver.Times(2))
	rec.ExpectNoOther(t)
	if idle := into[struct{ Idle int }](p, "key?key=k").Idle; idle != 60 {
		t.Errorf("idle for %d s", idle)
	}
}

// TestClients: the page says who is subscribed to what, and who waits for what.
func TestClients(t *testing.T) {
	srv, p := open(t, true)
	dial := func(line string) {
		c, err := srv.Dial(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { c.Close() })
		fmt.Fprint(c, line+"\r\n")
		if !strings.HasPrefix(line, "BLPOP") {
			if _, err := bufio.NewReader(c).ReadString('\n'); err != nil {
				t.Fatal(err)
			}
		}
	}
	dial("SUBSCRIBE news")
	dial("PSUBSCRIBE n*")
	dial("BLPOP jobs urgent 5")
	if err := srv.WaitBlocked(t.Context(), 1); err != nil {
		t.Fatal(err)
	}
	text := p.get("clients")
	for _, want := range []string{`"channels":["news"]`, `"patterns":["n*"]`,
		`"wait":{"command":["BLPOP","jobs","urgent","5"],"keys":["jobs","urgent"],"deadline":1900000005000,"held":false}`} {
		if !strings.Contains(text, want) {
			t.Errorf("%s is missing in %s", want, text)
		}
	}
	if text := p.get("pubsub"); !strings.Contains(text, `{"kind":"channel","name":"news","clients":[`) {
		t.Errorf("got %s", text)
	}
}

// TestSecrets: no page has a password or its hash.
func TestSecrets(t *testing.T) {
	srv, p := open(t, true)
	stream := p.follow("commands=1")
	srv.Must("CONFIG", "SET", "requirepass", "hunter2")
	srv.Must("CONFIG", "SET", "masterauth", "hunter3")
	srv.Must("ACL", "SETUSER", "ann", "on", ">hunter4", "~*", "+@all")
	srv.Must("AUTH", "ann", "hunter4")
	srv.Must("CONFIG", "SET", "slowlog-log-slower-than", "0")
	srv.Must("ACL", "SETUSER", "ann", ">hunter5")
	seen := ""
	for !strings.Contains(seen, "slowlog-log-slower-than") {
		seen += stream.next("commands")
	}
	for _, path := range []string{"settings", "slow", "info", "clients", "server"} {
		seen += p.get(path)
	}
	if !strings.Contains(seen, `"name":"enable-testing-command","value":"yes"`) || !strings.Contains(seen, `"name":"maxmemory","value":"0"`) {
		t.Error("settings are missing")
	}
	if strings.Contains(seen, "hunter") {
		t.Errorf("a password is shown: %s", seen)
	}
	if hash := "f52fbd32b2b3b86ff88ef6c490628285f482af15ddcb29541f94bcf526a3f6c7"; strings.Contains(seen, hash[:16]) {
		t.Error("the hash of a password is shown")
	}
	if !strings.Contains(seen, "#(redacted)") || !strings.Contains(seen, "(redacted)") {
		t.Errorf("got %s", seen)
	}
}

// events is an open stream.
type events struct {
	t *testing.T
	r *bufio.Reader
}

// follow opens the stream.
func (p *page) follow(params string) *events {
	p.t.Helper()
	ctx, cancel := context.WithTimeout(p.t.Context(), time.Minute)
	p.t.Cleanup(cancel)
	r, _ := http.NewRequestWithContext(ctx, "GET", p.base+"/api/live?"+params, nil)
	r.Header.Set("Authorization", "Bearer "+p.token)
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		p.t.Fatal(err)
	}
	p.t.Cleanup(func() { answer.Body.Close() })
	e := &events{p.t, bufio.NewReader(answer.Body)}
	e.next("stats") // then it watches
	return e
}

// next returns the data of the next event of a kind.
func (e *events) next(kind string) string {
	e.t.Helper()
	for {
		name, err := e.r.ReadString('\n')
		if err != nil {
			e.t.Fatal(err)
		}
		data, err := e.r.ReadString('\n')
		if err != nil {
			e.t.Fatal(err)
		}
		e.r.ReadString('\n')
		if strings.TrimSpace(name) == "event: "+kind {
			return strings.TrimSpace(strings.TrimPrefix(data, "data: "))
		}
	}
}

// TestLive: commands come as they run, those that pass the filter.
func TestLive(t *testing.T) {
	srv, p := open(t, true)
	all, some := p.follow("commands=1"), p.follow("commands=1&filter="+url.QueryEscape("SET user: -user:2"))
	srv.Must("SET", "user:1", "a\r\n\xff")
	srv.Must("SET", "user:2", "b")
	srv.Must("GET", "user:1")
	srv.Must("EVAL", "return redis.call('SET', KEYS[1], 'c')", 1, "user:3")
	srv.Do(t.Context(), "INCR", "user:1")
	var text strings.Builder
	for !strings.Contains(text.String(), "INCR") {
		text.WriteString(all.next("commands"))
	}
	for _, want := range []string{`SET user:1 \"a\\r\\n\\xff\"`, "SET user:2 b", "GET user:1", `"script":true`, "ERR value is not an integer", `"program":true`} {
		if !strings.Contains(text.String(), want) {
			t.Errorf("%s is missing in %s", want, text.String())
		}
	}
	text.Reset()
	for !strings.Contains(text.String(), "SET user:3") {
		text.WriteString(some.next("commands"))
	}
	if got := text.String(); !strings.Contains(got, "SET user:1") || strings.Contains(got, "user:2") || strings.Contains(got, "GET") {
		t.Errorf("the filter lets pass %s", got)
	}
}

// TestStats: the figures are those of the server, and its time.
func TestStats(t *testing.T) {
	srv, p := open(t, true)
	stream := p.follow("")
	srv.Must("SET", "k", "v")
	srv.Must("GET", "k")
	for {
		var v struct {
			Now                   int64
			Hits, Keys, Seen, P50 int
			Databases             map[string]int
		}
		if err := json.Unmarshal([]byte(stream.next("stats")), &v); err != nil {
			t.Fatal(err)
		}
		if v.Seen == 0 {
			continue // it was sent before
		}
		if v.Now != 1_900_000_000_000 || v.Hits > 1 || v.Keys != 1 || v.Databases["0"] != 1 {
			t.Errorf("got %+v", v)
		}
		return
	}
}

// TestSlowViewer: a page that does not read holds nobody up, and what it misses is
// counted.
func TestSlowViewer(t *testing.T) {
	srv, p := open(t, true)
	conn, err := net.Dial("tcp", strings.TrimPrefix(p.base, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	fmt.Fprintf(conn, "GET /api/live?commands=1 HTTP/1.1\r\nHost: %s\r\nAuthorization: Bearer %s\r\n\r\n", strings.TrimPrefix(p.base, "http://"), p.token)
	r := bufio.NewReader(conn)
	for line := ""; !strings.HasPrefix(line, "event: stats"); {
		if line, err = r.ReadString('\n'); err != nil {
			t.Fatal(err)
		}
	}
	value := bytes.Repeat([]byte("x"), 1000)
	for range 20_000 { // far more than the viewer and the socket have room for
		srv.Must("SET", "k", value)
	}
	srv.Must("SET", "end", "1")
	lost := 0
	for lost == 0 {
		line, err := r.ReadString('\n')
		if err != nil {
			t.Fatal(err)
		}
		if _, data, ok := strings.Cut(line, "data: "); ok {
			var v struct{ Lost int }
			json.Unmarshal([]byte(data), &v)
			lost += v.Lost
		}
	}
}

// TestEnd: the end of the server ends those who look.
func TestEnd(t *testing.T) {
	srv, p := open(t, true)
	stream := p.follow("commands=1")
	srv.Close()
	for {
		if _, err := stream.r.ReadString('\n'); err != nil {
			break
		}
	}
	if _, err := net.Dial("tcp", strings.TrimPrefix(p.base, "http://")); err == nil {
		t.Error("the inspector is still there")
	}
}

// TestSpaces: the page of a space shows its data, not those of the server.
func TestSpaces(t *testing.T) {
	srv, p := open(t, true)
	space, err := srv.Space("w1")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := space.Do(t.Context(), "SET", "inner", "v"); err != nil {
		t.Fatal(err)
	}
	if text := p.get("keys?space=w1"); !strings.Contains(text, `"inner"`) {
		t.Errorf("got %s", text)
	}
	if text := p.get("keys"); strings.Contains(text, `"inner"`) {
		t.Errorf("got %s", text)
	}
	if status, _ := p.send("GET", "/api/keys?space=nosuch", "", nil); status != http.StatusNotFound {
		t.Errorf("a space that is not there: %d", status)
	}
	if text := p.get("testing"); !strings.Contains(text, `"spaces":["w1"]`) {
		t.Errorf("got %s", text)
	}
}

// idle is a server that counts who watches it.
type idle struct {
	inspector.Server
	watched chan int // 1 when somebody begins to watch, and -1 at the end
}

func (s *idle) Testing() bool                           { return false }
func (s *idle) Snapshots() []string                     { return nil }
func (s *idle) Forks() []string                         { return nil }
func (s *idle) Spaces() []string                        { return nil }
func (s *idle) Look(int, ...string) (resp.Reply, error) { return resp.Reply{}, nil }
func (s *idle) Clock() (time.Time, bool)                { return time.Unix(0, 0), true }
func (s *idle) Watch(func(*inspector.Command)) (stop func()) {
	s.watched <- 1
	return func() { s.watched <- -1 }
}

// TestIdle: the server is watched only while a page has the stream open.
func TestIdle(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := &idle{watched: make(chan int, 9)}
	in := inspector.Open(l, s, slog.New(slog.DiscardHandler))
	defer in.Close()
	base, token, _ := strings.Cut(in.URL(), "/#token=")
	p := &page{t, base, token}
	p.send("GET", "/", "", nil)
	p.send("GET", "/api/testing", "", nil)
	if len(s.watched) > 0 {
		t.Error("the server is watched without a stream")
	}
	ctx, cancel := context.WithCancel(t.Context())
	r, _ := http.NewRequestWithContext(ctx, "GET", base+"/api/live", nil)
	r.Header.Set("Authorization", "Bearer "+token)
	if _, err := http.DefaultClient.Do(r); err != nil {
		t.Fatal(err)
	}
	if <-s.watched != 1 {
		t.Error("the stream does not watch")
	}
	cancel()
	if <-s.watched != -1 {
		t.Error("the end of the stream does not end it")
	}
}
