// Command image writes a container image as an OCI layout: an index with an image
// for each platform. An image has the binary, a shell, and the few files that they
// need. The same input makes the same bytes.
//
//	image -out DIR -version V -revision COMMIT -epoch SECONDS -defaults FILE -license FILE -shell-license FILE
//		linux/amd64=BINARY=SHELL ...
package main

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/layout"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/tarball"
	"github.com/google/go-containerregistry/pkg/v1/types"
	"github.com/google/go-containerregistry/pkg/v1/validate"
)

const (
	name   = "resp-server"
	source = "https://github.com/resp-server/resp-server"

	// The uid of the Redis images on Debian, so that their volumes can be reused.
	uid = 999

	defaultsFile = "/etc/resp-server/defaults.conf"
)

// builder has what all images share.
type builder struct {
	version, revision string
	time              time.Time
	defaults          []byte
	license           []byte
	shellLicense      []byte
}

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "image:", err)
		os.Exit(1)
	}
}

func run() error {
	var b builder
	out := flag.String("out", "", "the `directory` of the layout")
	epoch := flag.Int64("epoch", 0, "the time of all files, in `seconds`")
	defaults := flag.String("defaults", "", "the `file` with the defaults of the server")
	license := flag.String("license", "", "the `file` with the license")
	shellLicense := flag.String("shell-license", "", "the `file` with the license of the shell")
	flag.StringVar(&b.version, "version", "", "the version")
	flag.StringVar(&b.revision, "revision", "", "the commit")
	flag.Parse()
	if *out == "" || b.version == "" || flag.NArg() == 0 {
		return errors.New("-out, -version and binaries are needed")
	}
	b.time = time.Unix(*epoch, 0).UTC()
	for _, f := range []struct {
		content *[]byte
		name    string
	}{{&b.defaults, *defaults}, {&b.license, *license}, {&b.shellLicense, *shellLicense}} {
		var err error
		if *f.content, err = os.ReadFile(f.name); err != nil {
			return err
		}
	}
	index := mutate.IndexMediaType(empty.Index, types.OCIImageIndex)
	for _, arg := range flag.Args() {
		platform, programs, _ := strings.Cut(arg, "=")
		binary, shell, _ := strings.Cut(programs, "=")
		p, err := v1.ParsePlatform(platform)
		if err != nil {
			return err
		}
		image, err := b.image(*p, binary, shell)
		if err != nil {
			return fmt.Errorf("%s: %w", platform, err)
		}
		index = mutate.AppendManifests(index, mutate.IndexAddendum{Add: image, Descriptor: v1.Descriptor{Platform: p}})
	}
	index = mutate.Annotations(index, b.labels()).(v1.ImageIndex)
	return b.write(*out, index)
}

// write writes a layout and reads it again, which verifies every digest and size.
func (b *builder) write(dir string, index v1.ImageIndex) error {
	path, err := layout.Write(dir, empty.Index)
	if err != nil {
		return err
	}
	if err := path.AppendIndex(index, layout.WithAnnotations(map[string]string{
		"org.opencontainers.image.ref.name": b.version,
		"io.containerd.image.name":          "docker.io/library/" + name + ":" + b.version, // for docker load
	})); err != nil {
		return err
	}
	written, err := path.ImageIndex()
	if err != nil {
		return err
	}
	return validate.Index(written)
}

// labels are for people and for registries.
func (b *builder) labels() map[string]string {
	return map[string]string{
		"org.opencontainers.image.title":       name,
		"org.opencontainers.image.description": "A Redis-compatible server for tests and development",
		"org.opencontainers.image.version":     b.version,
		"org.opencontainers.image.revision":    b.revision,
		"org.opencontainers.image.source":      source,
		"org.opencontainers.image.licenses":    "MIT",
		"org.opencontainers.image.created":     b.time.Format(time.RFC3339),
	}
}

func (b *builder) image(p v1.Platform, binary, shell string) (v1.Image, error) {
	image := mutate.ConfigMediaType(mutate.MediaType(empty.Image, types.OCIManifestSchema1), types.OCIConfigJSON)
	// The layers that change least come first.
	for _, layer := range []struct {
		created string
		content func(*archive) error
	}{
		{"files and a shell", func(a *archive) error { return b.base(a, shell) }},
		{name + " " + b.version, func(a *archive) error { return b.program(a, binary) }},
	} {
		a := archive{time: b.time}
		a.w = tar.NewWriter(&a.buf)
		if err := errors.Join(layer.content(&a), a.err, a.w.Close()); err != nil {
			return nil, err
		}
		l, err := tarball.LayerFromOpener(func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(a.buf.Bytes())), nil },
			tarball.WithMediaType(types.OCILayer), tarball.WithCompressionLevel(gzip.BestCompression))
		if err != nil {
			return nil, err
		}
		image, err = mutate.Append(image, mutate.Addendum{
			Layer:   l,
			History: v1.History{Created: v1.Time{Time: b.time}, CreatedBy: layer.created},
		})
		if err != nil {
			return nil, err
		}
	}
	config, err := image.ConfigFile()
	if err != nil {
		return nil, err
	}
	config = config.DeepCopy()
	config.Architecture, config.OS, config.Variant = p.Architecture, p.OS, p.Variant
	config.Created = v1.Time{Time: b.time}
	config.Config = b.config()
	image, err = mutate.ConfigFile(image, config)
	if err != nil {
		return nil, err
	}
	return mutate.Annotations(image, b.labels()).(v1.Image), nil
}

// config runs the container like those of Redis, but never as root.
func (b *builder) config() v1.Config {
	return v1.Config{
		User:         fmt.Sprintf("%d:%[1]d", uid),
		ExposedPorts: map[string]struct{}{"6379/tcp": {}},
		Env: []string{
			"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
			"RESP_SERVER_DEFAULTS=" + defaultsFile,
		},
		Entrypoint: []string{"/usr/local/bin/resp-server"},
		Cmd:        []string{"redis-server"},
		Volumes:    map[string]struct{}{"/data": {}},
		WorkingDir: "/data",
		StopSignal: "SIGTERM",
		Labels:     b.labels(),
		Healthcheck: &v1.HealthConfig{
			Test:        []string{"CMD", "/usr/local/bin/resp-server", "ping", "--pid", "1"},
			Interval:    5 * time.Second,
			Timeout:     15 * time.Second,
			StartPeriod: 30 * time.Second,
			Retries:     3,
		},
	}
}

// base has everything but the server.
func (b *builder) base(a *archive, shell string) error {
	sh, err := os.ReadFile(shell)
	if err != nil {
		return err
	}
	a.dir("bin/", 0o755, 0)
	a.file("bin/sh", 0o755, sh)
	a.dir("data/", 0o755, uid) // which is the owner of new volumes
	a.dir("etc/", 0o755, 0)
	a.file("etc/group", 0o644, fmt.Appendf(nil, "root:x:0:\nredis:x:%d:\n", uid))
	a.file("etc/passwd", 0o644, fmt.Appendf(nil, "root:x:0:0:root:/:/bin/sh\nredis:x:%d:%[1]d:%s:/data:/bin/sh\n", uid, name))
	a.dir("etc/resp-server/", 0o755, 0)
	a.file(strings.TrimPrefix(defaultsFile, "/"), 0o644, b.defaults)
	a.dir("tmp/", 0o1777, 0)
	a.dir("usr/", 0o755, 0)
	a.dir("usr/share/", 0o755, 0)
	a.dir("usr/share/licenses/", 0o755, 0)
	a.dir("usr/share/licenses/resp-server/", 0o755, 0)
	a.file("usr/share/licenses/resp-server/LICENSE", 0o644, b.license)
	a.dir("usr/share/licenses/sh/", 0o755, 0)
	a.file("usr/share/licenses/sh/LICENSE", 0o644, b.shellLicense)
	return nil
}

// program has the server, under the names that compose files and scripts use.
func (b *builder) program(a *archive, binary string) error {
	server, err := os.ReadFile(binary)
	if err != nil {
		return err
	}
	a.dir("usr/", 0o755, 0)
	a.dir("usr/local/", 0o755, 0)
	a.dir("usr/local/bin/", 0o755, 0)
	for _, link := range []string{"redis-cli", "redis-server", "valkey-cli", "valkey-server"} {
		a.put(tar.Header{Typeflag: tar.TypeSymlink, Name: "usr/local/bin/" + link, Linkname: name, Mode: 0o777}, nil)
	}
	a.file("usr/local/bin/resp-server", 0o755, server)
	return nil
}

// archive is a tar file in the making. err is the first error.
type archive struct {
	time time.Time
	buf  bytes.Buffer
	w    *tar.Writer
	err  error
}

func (a *archive) put(h tar.Header, content []byte) {
	h.ModTime, h.Size, h.Format = a.time, int64(len(content)), tar.FormatPAX
	if a.err == nil {
		a.err = a.w.WriteHeader(&h)
	}
	if a.err == nil {
		_, a.err = a.w.Write(content)
	}
}

func (a *archive) dir(name string, mode int64, owner int) {
	a.put(tar.Header{Typeflag: tar.TypeDir, Name: name, Mode: mode, Uid: owner, Gid: owner}, nil)
}

func (a *archive) file(name string, mode int64, content []byte) {
	a.put(tar.Header{Typeflag: tar.TypeReg, Name: name, Mode: mode}, content)
}
