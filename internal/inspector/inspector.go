// Package inspector serves a page on which a person looks at a running server.
//
// It is a client of the server and an observer: it has no way into the data but
// commands. While nobody has the page open it does nothing. The files of the page are
// in static, as a browser runs them.
//
// Whoever has the token may look. The page gets it from the fragment of the URL, which
// browsers send to nobody, keeps it for its origin, and sends it in the header
// Authorization. So another page can't make a browser use it, and neither can a
// program on another port of this machine.
package inspector

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"embed"
	"encoding/json"
	"errors"
	"io/fs"
	"log/slog"
	"net"
	"net/http"
	"path"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/resp-server/resp-server/internal/resp"
)

// Server is the server that is shown. Its methods are safe for concurrent use.
type Server interface {
	// Look runs a command that only reads. The server does not count it, and
	// nobody sees it.
	Look(db int, args ...string) (resp.Reply, error)
	// Do runs a command as any client does. An error reply is not an error.
	Do(ctx context.Context, db int, args ...string) (resp.Reply, error)
	// Watch has f called for each command that runs until stop returns. f must
	// not wait.
	Watch(f func(*Command)) (stop func())
	Clients() []Client
	Scripts() []Script
	// Clock returns the time of the server, and whether it stands still.
	Clock() (now time.Time, frozen bool)
	// Testing reports whether the test controls are on. Without them nothing can be
	// changed from the page.
	Testing() bool
	// Snapshots, Forks and Spaces return the names of those that there are.
	Snapshots() []string
	Forks() []string
	Spaces() []string
	// Space returns the server of a space.
	Space(name string) (Server, bool)
	// OwnSettings returns the settings that Redis does not have, which CONFIG GET
	// shows by their names only.
	OwnSettings() []string
	// Secret reports whether the value of a setting is a password.
	Secret(setting string) bool
	// Version is the version of this program.
	Version() string
}

// Command is a command that has run. Args are valid during the call only, and hold no
// passwords.
type Command struct {
	At      int64 // µs since 1970 on the server's clock
	Took    time.Duration
	DB      int
	Client  uint64
	Addr    string
	Name    string // of the client
	Args    [][]byte
	Error   string // "" if there is none
	Blocked bool   // the command waits now
	Script  bool   // a script called it
	Program bool   // it is of the program around the server
}

// Client is what CLIENT LIST does not say of a client.
type Client struct {
	ID                        uint64
	Channels, Patterns, Shard []string // that it is subscribed to
	Blocked                   bool
	Command                   []string // with which it waits
	Keys                      []string // that it waits for
	Deadline                  int64    // ms since 1970; 0 waits for ever
	Held                      bool     // a pause, a fault or a schedule holds the command back
}

// Script is a script that the server keeps.
type Script struct{ SHA, Source string }

// Inspector is the page and what answers its requests.
type Inspector struct {
	server Server
	token  string
	addr   string   // "127.0.0.1:8001"
	hosts  []string // that a request may name
	http   http.Server
	end    context.CancelFunc
	served chan struct{} // closed when http.Serve has returned
	busy   sync.WaitGroup
	mux    *http.ServeMux

	mu      sync.Mutex
	closed  bool
	viewers int
}

//go:embed static
var embedded embed.FS

// pages are the paths that the page has for itself.
var pages = []string{"/", "/keys", "/key", "/clients", "/commands", "/slow", "/pubsub", "/scripts", "/settings", "/testing"}

// Open starts to serve the page on l, which must be a socket of the loopback
// interface.
func Open(l net.Listener, s Server, log *slog.Logger) *Inspector {
	addr := l.Addr().String()
	_, port, _ := net.SplitHostPort(addr)
	in := &Inspector{
		server: s, token: rand.Text(), addr: addr, served: make(chan struct{}),
		hosts: []string{addr, "127.0.0.1:" + port, "localhost:" + port, "[::1]:" + port},
	}
	ctx, end := context.WithCancel(context.Background())
	in.end = end
	in.route()
	in.http = http.Server{
		Handler:           http.HandlerFunc(in.handle),
		BaseContext:       func(net.Listener) context.Context { return ctx },
		ReadHeaderTimeout: 10 * time.Second,
		ReadTimeout:       30 * time.Second,
		IdleTimeout:       2 * time.Minute,
		MaxHeaderBytes:    1 << 20, // keys are part of addresses
		ErrorLog:          slog.NewLogLogger(log.Handler(), slog.LevelDebug),
	}
	go func() {
		defer close(in.served)
		in.http.Serve(l)
	}()
	return in
}

// URL returns the address to open in a browser. Whoever has it may look.
func (in *Inspector) URL() string { return "http://" + in.addr + "/#token=" + in.token }

// Close ends all requests and returns when they are gone.
func (in *Inspector) Close() {
	in.mu.Lock()
	in.closed = true
	in.mu.Unlock()
	in.end()
	in.http.Close()
	<-in.served
	in.busy.Wait()
}

// enter counts a request, unless the inspector is closed.
func (in *Inspector) enter() bool {
	in.mu.Lock()
	defer in.mu.Unlock()
	if in.closed {
		return false
	}
	in.busy.Add(1)
	return true
}

// handle answers what comes from this machine and its own page.
func (in *Inspector) handle(w http.ResponseWriter, r *http.Request) {
	if !in.enter() {
		return
	}
	defer in.busy.Done()
	h := w.Header()
	h.Set("Content-Security-Policy", "default-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; object-src 'none'")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("X-Frame-Options", "DENY")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("Cross-Origin-Opener-Policy", "same-origin")
	h.Set("Cross-Origin-Resource-Policy", "same-origin")
	h.Set("Cache-Control", "no-store")
	api := strings.HasPrefix(r.URL.Path, "/api/")
	switch {
	case !slices.Contains(in.hosts, r.Host):
		// A name of somebody else that leads to this machine.
		http.Error(w, "this is no name of the inspector", http.StatusForbidden)
	case len(r.Header.Values("Origin")) > 0 && r.Header.Get("Origin") != "http://"+r.Host:
		http.Error(w, "this is for the inspector's own page", http.StatusForbidden)
	case api && !slices.Contains([]string{"", "none", "same-origin"}, r.Header.Get("Sec-Fetch-Site")):
		http.Error(w, "this is for the inspector's own requests", http.StatusForbidden)
	case api && !in.knows(r):
		refuse(w, http.StatusUnauthorized, "the token is missing or wrong: open the URL that is in the server's log")
	default:
		in.mux.ServeHTTP(w, r)
	}
}

// knows reports whether a request has the token.
func (in *Inspector) knows(r *http.Request) bool {
	token, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	return ok && subtle.ConstantTimeCompare([]byte(token), []byte(in.token)) == 1
}

// refuse answers an error.
func refuse(w http.ResponseWriter, status int, text string) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	json.NewEncoder(w).Encode(map[string]string{"error": text})
}

// route says who answers which path.
func (in *Inspector) route() {
	files, _ := fs.Sub(embedded, "static")
	static := http.FileServerFS(files)
	in.mux = http.NewServeMux()
	in.mux.HandleFunc("GET /", func(w http.ResponseWriter, r *http.Request) {
		switch {
		case slices.Contains(pages, r.URL.Path):
			http.ServeFileFS(w, r, files, "page.html")
		case path.Ext(r.URL.Path) == ".js" || path.Ext(r.URL.Path) == ".css" || path.Ext(r.URL.Path) == ".svg":
			static.ServeHTTP(w, r)
		default:
			http.NotFound(w, r)
		}
	})
	for name, answer := range map[string]func(*request) (any, error){
		"server": about, "info": info, "keys": keys, "key": key, "value": window, "clients": clients, "slow": slow,
		"pubsub": channels, "scripts": scripts, "settings": settings, "testing": testControls,
	} {
		in.mux.HandleFunc("GET /api/"+name, in.answer(answer))
	}
	in.mux.HandleFunc("POST /api/do", in.answer(do))
	in.mux.HandleFunc("GET /api/live", in.live)
}

// request is a request of the page.
type request struct {
	*http.Request
	server Server // the one that is asked about, which may be a space
}

// failure is an error with the status of its response.
type failure struct {
	status int
	text   string
}

func (f *failure) Error() string { return f.text }

// open finds the server that a request is about.
func (in *Inspector) open(r *http.Request) (*request, error) {
	s := in.server
	if name := r.FormValue("space"); name != "" {
		space, ok := s.Space(name)
		if !ok {
			return nil, &failure{http.StatusNotFound, "there is no space of that name"}
		}
		s = space
	}
	return &request{r, s}, nil
}

// answer makes a handler of a function that returns what is sent as JSON.
func (in *Inspector) answer(f func(*request) (any, error)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		r.Body = http.MaxBytesReader(w, r.Body, 8<<20)
		q, err := in.open(r)
		var v any
		if err == nil {
			v, err = f(q)
		}
		if err == nil {
			var text []byte
			if text, err = json.Marshal(v); err == nil {
				w.Header().Set("Content-Type", "application/json")
				w.Write(text)
				return
			}
		}
		status := http.StatusBadGateway // the server says no
		if f := (*failure)(nil); errors.As(err, &f) {
			status = f.status
		}
		refuse(w, status, err.Error())
	}
}
