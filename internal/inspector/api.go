package inspector

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/resp-server/resp-server/internal/clock"
	"github.com/resp-server/resp-server/internal/resp"
)

// look is Server.Look with error replies as errors.
func (q *request) look(db int, args ...string) (resp.Reply, error) {
	r, err := q.server.Look(db, args...)
	if err == nil {
		err = r.Err()
	}
	return r, err
}

// number returns a parameter as a number, or a default.
func (q *request) number(name string, otherwise int64) int64 {
	n, err := strconv.ParseInt(q.FormValue(name), 10, 64)
	if err != nil {
		return otherwise
	}
	return n
}

func (q *request) db() int { return int(q.number("db", 0)) }

// key returns the key that is asked about: its text, or base64 in the alphabet of
// URLs.
func (q *request) key() (string, error) {
	if !q.Form.Has("key64") {
		return q.FormValue("key"), nil
	}
	raw, err := base64.RawURLEncoding.DecodeString(q.FormValue("key64"))
	if err != nil {
		return "", &failure{http.StatusBadRequest, "key64 is not base64"}
	}
	return string(raw), nil
}

// about says which server it is, and what may be done with it.
func about(q *request) (any, error) {
	fields, err := q.info("server")
	if err != nil {
		return nil, err
	}
	databases, err := q.look(0, "CONFIG", "GET", "databases")
	if err != nil {
		return nil, err
	}
	n, _ := strconv.Atoi(field(databases, "databases").Str)
	now, frozen := q.server.Clock()
	return map[string]any{
		"version": q.server.Version(), "redis": fields["redis_version"], "mode": fields["redis_mode"], "port": fields["tcp_port"],
		"databases": n, "testing": q.server.Testing(), "spaces": q.server.Spaces(), "now": now.UnixMilli(), "frozen": frozen,
	}, nil
}

// info returns the fields of sections of INFO.
func (q *request) info(sections ...string) (map[string]string, error) {
	r, err := q.look(0, append([]string{"INFO"}, sections...)...)
	fields := map[string]string{}
	for line := range strings.Lines(r.Str) {
		if name, value, ok := strings.Cut(strings.TrimRight(line, "\r\n"), ":"); ok && name[0] != '#' {
			fields[name] = value
		}
	}
	return fields, err
}

// info answers all of INFO, in its sections.
func info(q *request) (any, error) {
	r, err := q.look(0, "INFO", "everything")
	if err != nil {
		return nil, err
	}
	type section struct {
		Name   string      `json:"name"`
		Fields [][2]string `json:"fields"`
	}
	var all []section
	for line := range strings.Lines(r.Str) {
		line = strings.TrimRight(line, "\r\n")
		if name, ok := strings.CutPrefix(line, "# "); ok {
			all = append(all, section{name, [][2]string{}})
		} else if name, value, ok := strings.Cut(line, ":"); ok && len(all) > 0 {
			last := &all[len(all)-1]
			last.Fields = append(last.Fields, [2]string{name, value})
		}
	}
	return all, nil
}

// keyRow is what a list of keys shows.
type keyRow struct {
	Key      whole  `json:"key"`
	Type     string `json:"type"`
	TTL      int64  `json:"ttl"` // ms; -1: none
	Size     int64  `json:"size"`
	Encoding string `json:"encoding"`
}

// Limits of a page of keys.
const (
	keysAtOnce     = 500
	keysScanned    = 1000 // by a step
	stepsAtOnce    = 200
	scanningAtMost = 300 * time.Millisecond
)

// keys answers a page of SCAN: at least as many keys as asked for, unless there are no
// more or a pattern hides most.
func keys(q *request) (any, error) {
	db, cursor := q.db(), q.FormValue("cursor")
	if cursor == "" {
		cursor = "0"
	}
	args := []string{"SCAN", cursor, "COUNT", strconv.Itoa(keysAtOnce)}
	if match := q.FormValue("match"); match != "" {
		args = append(args, "MATCH", match)
		args[3] = strconv.Itoa(keysScanned)
	}
	if kind := q.FormValue("type"); kind != "" {
		args = append(args, "TYPE", kind)
	}
	total, err := q.look(db, "DBSIZE")
	if err != nil {
		return nil, err
	}
	var found []string
	began := clock.Real{}.Monotonic()
	for range stepsAtOnce {
		args[1] = cursor
		r, err := q.look(db, args...)
		if err != nil {
			return nil, err
		}
		cursor = r.Elems[0].Str
		for _, k := range r.Elems[1].Elems {
			found = append(found, k.Str)
		}
		if cursor == "0" || len(found) >= keysAtOnce || (clock.Real{}).Monotonic()-began > scanningAtMost {
			break
		}
	}
	slices.Sort(found)
	rows := make([]keyRow, 0, len(found))
	for _, k := range slices.Compact(found) {
		if row, ok := q.row(db, k); ok {
			rows = append(rows, row)
		}
	}
	now, _ := q.server.Clock()
	return map[string]any{"cursor": cursor, "total": total.Integer, "keys": rows, "now": now.UnixMilli()}, nil
}

// row describes a key, if it is there.
func (q *request) row(db int, key string) (keyRow, bool) {
	kind, err := q.look(db, "TYPE", key)
	if err != nil || kind.Str == "none" {
		return keyRow{}, false
	}
	ttl, _ := q.look(db, "PTTL", key)
	encoding, _ := q.look(db, "OBJECT", "ENCODING", key)
	size, _ := q.look(db, "MEMORY", "USAGE", key)
	return keyRow{whole(key), kind.Str, ttl.Integer, size.Integer, encoding.Str}, ttl.Integer != -2
}

// clients answers CLIENT LIST with what it leaves out.
func clients(q *request) (any, error) {
	r, err := q.look(0, "CLIENT", "LIST")
	if err != nil {
		return nil, err
	}
	more := map[string]Client{}
	for _, c := range q.server.Clients() {
		more[strconv.FormatUint(c.ID, 10)] = c
	}
	type wait struct {
		Command  []text `json:"command"`
		Keys     []text `json:"keys"`
		Deadline int64  `json:"deadline"`
		Held     bool   `json:"held"`
	}
	type row struct {
		Fields   map[string]string `json:"fields"`
		Channels []text            `json:"channels"`
		Patterns []text            `json:"patterns"`
		Shard    []text            `json:"shard"`
		Wait     *wait             `json:"wait,omitempty"`
	}
	rows := []row{}
	for line := range strings.Lines(r.Str) {
		c := row{Fields: map[string]string{}}
		for _, f := range strings.Fields(line) {
			name, value, _ := strings.Cut(f, "=")
			c.Fields[name] = value
		}
		m := more[c.Fields["id"]]
		c.Channels, c.Patterns, c.Shard = asTexts(m.Channels), asTexts(m.Patterns), asTexts(m.Shard)
		if m.Blocked {
			c.Wait = &wait{asTexts(m.Command), asTexts(m.Keys), m.Deadline, m.Held}
		}
		rows = append(rows, c)
	}
	return rows, nil
}

func asTexts(list []string) []text {
	all := make([]text, len(list))
	for i, s := range list {
		all[i] = text(s)
	}
	return all
}

// slow answers what took long: SLOWLOG, LATENCY, and the time of each command.
func slow(q *request) (any, error) {
	log, err := q.look(0, "SLOWLOG", "GET", "128")
	if err != nil {
		return nil, err
	}
	type entry struct {
		ID     int64  `json:"id"`
		At     int64  `json:"at"` // seconds
		Took   int64  `json:"took"`
		Args   []text `json:"args"`
		Addr   text   `json:"addr"`
		Client text   `json:"client"`
	}
	entries := []entry{}
	for _, e := range log.Elems {
		if len(e.Elems) >= 6 {
			entries = append(entries, entry{e.Elems[0].Integer, e.Elems[1].Integer, e.Elems[2].Integer, texts(e.Elems[3]), text(e.Elems[4].Str), text(e.Elems[5].Str)})
		}
	}
	latest, err := q.look(0, "LATENCY", "LATEST")
	if err != nil {
		return nil, err
	}
	stats, err := q.info("commandstats", "latencystats")
	if err != nil {
		return nil, err
	}
	thresholds, err := q.look(0, "CONFIG", "GET", "s*log-*", "latency-monitor-threshold")
	if err != nil {
		return nil, err
	}
	type total struct {
		Name        string            `json:"name"`
		Fields      map[string]string `json:"fields"`
		Percentiles map[string]string `json:"percentiles"`
	}
	commands := []total{}
	for name, fields := range stats {
		if name, ok := strings.CutPrefix(name, "cmdstat_"); ok {
			commands = append(commands, total{strings.ToUpper(strings.Replace(name, "|", " ", 1)), pairs(fields), pairs(stats["latency_percentiles_usec_"+name])})
		}
	}
	slices.SortFunc(commands, func(a, b total) int { return strings.Compare(a.Name, b.Name) })
	return map[string]any{
		"entries": entries, "latest": shape(latest), "commands": commands,
		"slower": field(thresholds, "slowlog-log-slower-than").Str, "monitor": field(thresholds, "latency-monitor-threshold").Str,
	}, nil
}

// pairs takes "calls=1,usec=2" apart.
func pairs(s string) map[string]string {
	m := map[string]string{}
	for f := range strings.SplitSeq(s, ",") {
		if name, value, ok := strings.Cut(f, "="); ok {
			m[name] = value
		}
	}
	return m
}

// channels answers who is subscribed to what.
func channels(q *request) (any, error) {
	type channel struct {
		Kind    string   `json:"kind"`
		Name    text     `json:"name"`
		Clients []uint64 `json:"clients"`
	}
	at := map[[2]string]*channel{}
	all := []*channel{}
	for _, c := range q.server.Clients() {
		for kind, names := range map[string][]string{"channel": c.Channels, "pattern": c.Patterns, "shard": c.Shard} {
			for _, name := range names {
				ch := at[[2]string{kind, name}]
				if ch == nil {
					ch = &channel{Kind: kind, Name: text(name)}
					at[[2]string{kind, name}] = ch
					all = append(all, ch)
				}
				ch.Clients = append(ch.Clients, c.ID)
			}
		}
	}
	slices.SortFunc(all, func(a, b *channel) int {
		return strings.Compare(a.Kind+"\x00"+string(a.Name), b.Kind+"\x00"+string(b.Name))
	})
	events, err := q.look(0, "CONFIG", "GET", "notify-keyspace-events")
	return map[string]any{"channels": all, "events": field(events, "notify-keyspace-events").Str}, err
}

// scripts answers the scripts that EVALSHA knows, and the libraries of functions.
func scripts(q *request) (any, error) {
	type script struct {
		SHA    string `json:"sha"`
		Source whole  `json:"source"`
	}
	list := []script{}
	for _, s := range q.server.Scripts() {
		list = append(list, script{s.SHA, whole(s.Source)})
	}
	slices.SortFunc(list, func(a, b script) int { return strings.Compare(a.SHA, b.SHA) })
	r, err := q.look(0, "FUNCTION", "LIST", "WITHCODE")
	if err != nil {
		return nil, err
	}
	type function struct {
		Name        text   `json:"name"`
		Description text   `json:"description"`
		Flags       []text `json:"flags"`
	}
	type library struct {
		Name      text       `json:"name"`
		Code      whole      `json:"code"`
		Functions []function `json:"functions"`
	}
	libraries := []library{}
	for _, l := range r.Elems {
		lib := library{Name: text(field(l, "library_name").Str), Code: whole(field(l, "library_code").Str), Functions: []function{}}
		for _, f := range field(l, "functions").Elems {
			lib.Functions = append(lib.Functions, function{text(field(f, "name").Str), text(field(f, "description").Str), texts(field(f, "flags"))})
		}
		libraries = append(libraries, lib)
	}
	return map[string]any{"scripts": list, "libraries": libraries}, nil
}

// settings answers CONFIG GET and the users, without passwords.
func settings(q *request) (any, error) {
	r, err := q.look(0, append([]string{"CONFIG", "GET", "*"}, q.server.OwnSettings()...)...)
	if err != nil {
		return nil, err
	}
	type setting struct {
		Name   string `json:"name"`
		Value  text   `json:"value"`
		Secret bool   `json:"secret,omitempty"`
	}
	all := []setting{}
	for i := 0; i+1 < len(r.Elems); i += 2 {
		s := setting{Name: r.Elems[i].Str, Value: text(r.Elems[i+1].Str), Secret: q.server.Secret(r.Elems[i].Str)}
		if s.Secret && s.Value != "" {
			s.Value = "(redacted)"
		}
		all = append(all, s)
	}
	slices.SortFunc(all, func(a, b setting) int { return strings.Compare(a.Name, b.Name) })
	list, err := q.look(0, "ACL", "LIST")
	if err != nil {
		return nil, err
	}
	users := [][]string{}
	for _, u := range list.Elems {
		words := strings.Fields(u.Str)
		for i, w := range words {
			if i > 1 && strings.ContainsAny(w[:1], "#>!<") {
				words[i] = w[:1] + "(redacted)"
			}
		}
		users = append(users, words)
	}
	return map[string]any{"settings": all, "users": users}, nil
}

// testControls answers what the test controls have done.
func testControls(q *request) (any, error) {
	now, frozen := q.server.Clock()
	v := map[string]any{
		"testing": q.server.Testing(), "now": now.UnixMilli(), "frozen": frozen, "real": clock.Real{}.Now().UnixMilli(),
		"snapshots": asTexts(q.server.Snapshots()), "forks": q.server.Forks(), "spaces": asTexts(q.server.Spaces()), "faults": []any{},
	}
	if !q.server.Testing() {
		return v, nil
	}
	r, err := q.look(0, "TESTING", "FAULT", "LIST")
	if err != nil {
		return nil, err
	}
	type rule struct {
		Name text  `json:"name"`
		Rule text  `json:"rule"`
		Hits int64 `json:"hits"`
	}
	rules := []rule{}
	for _, f := range r.Elems {
		rules = append(rules, rule{text(field(f, "name").Str), text(field(f, "rule").Str), field(f, "hits").Integer})
	}
	v["faults"] = rules
	return v, nil
}

// patience is how long a command of the page may block.
const patience = 10 * time.Second

// do runs a command if the test controls are on.
func do(q *request) (any, error) {
	if !q.server.Testing() {
		return nil, &failure{http.StatusForbidden, "this server is shown read-only: start it with --testing to change it from here"}
	}
	if q.Header.Get("Content-Type") != "application/json" {
		return nil, &failure{http.StatusUnsupportedMediaType, "a command is sent as JSON"}
	}
	var body struct {
		DB   int    `json:"db"`
		Args []word `json:"args"`
	}
	if err := json.NewDecoder(q.Body).Decode(&body); err != nil {
		return nil, &failure{http.StatusBadRequest, err.Error()}
	}
	if len(body.Args) == 0 {
		return nil, &failure{http.StatusBadRequest, "there is no command"}
	}
	args := make([]string, len(body.Args))
	for i, a := range body.Args {
		args[i] = string(a)
	}
	ctx, cancel := context.WithTimeout(q.Context(), patience)
	defer cancel()
	r, err := q.server.Do(ctx, body.DB, args...)
	if err != nil {
		return nil, err
	}
	return map[string]any{"reply": shape(r)}, nil
}
