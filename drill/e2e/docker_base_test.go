package e2e

import (
	"archive/tar"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"runtime"
	"strings"
)

const (
	imageGoRoot    = "usr/local/go"
	imageGoProxy   = "goproxy"
	caCertificates = "etc/ssl/certs/ca-certificates.crt"
)

// importBase makes a stand-in for the golang image out of this machine's Go toolchain: its root without tests, a
// module proxy of files with what go.mod names, so that the build needs no network, and the CA certificates.
func (e *engine) importBase(tag string) {
	e.t.Helper()
	var env struct{ GOROOT, GOMODCACHE string }
	e.goJSON(&env, "env", "-json", "GOROOT", "GOMODCACHE")
	modules := e.modules()

	r, w := io.Pipe()
	packed := make(chan struct{})
	go func() {
		defer close(packed)
		b := &baseImage{tar: tar.NewWriter(w)}
		b.addToolchain(env.GOROOT)
		b.addModules(env.GOMODCACHE, modules)
		b.addCertificates()
		w.CloseWithError(errors.Join(b.err, b.tar.Close()))
	}()
	e.cleanUp("rmi", "--force", tag)
	e.cleanUp("image", "prune", "--force", "--filter", "label="+e.tag) // what a build that failed left behind
	e.dockerReading(r, "import",
		"--change", "LABEL "+e.tag+"=1",
		"--change", "ENV PATH=/"+imageGoRoot+"/bin HOME=/root GOPATH=/go GOTOOLCHAIN=local GOSUMDB=off GOPROXY=file:///"+imageGoProxy,
		"-", tag)
	_ = r.Close() // ends the packing if the engine stopped reading
	<-packed
}

// goModule is what `go mod download -json` says of one.
type goModule struct{ Info, GoMod, Zip string }

func (e *engine) modules() []goModule {
	e.t.Helper()
	var all []goModule
	out := json.NewDecoder(bytes.NewReader(e.goOutput("mod", "download", "-json")))
	for {
		var m goModule
		err := out.Decode(&m)
		if errors.Is(err, io.EOF) {
			return all
		}
		if err != nil {
			e.t.Fatal(err)
		}
		all = append(all, m)
	}
}

func (e *engine) goJSON(into any, args ...string) {
	e.t.Helper()
	if err := json.Unmarshal(e.goOutput(args...), into); err != nil {
		e.t.Fatal(err)
	}
}

// goOutput asks the Go command that runs this test: `go test` puts it first into PATH.
func (e *engine) goOutput(args ...string) []byte {
	e.t.Helper()
	out, err := exec.CommandContext(e.ctx, "go", args...).Output()
	if err != nil {
		e.t.Fatalf("go %s: %v", args[0], err)
	}
	return out
}

// baseImage writes the root file system; the first error ends it.
type baseImage struct {
	tar *tar.Writer
	err error
}

// addToolchain packs what building needs: the go command, the tools, and the standard library without tests.
func (b *baseImage) addToolchain(root string) {
	for _, name := range []string{"VERSION", "go.env", "bin/go", "pkg/include"} {
		b.add(filepath.Join(root, name), path.Join(imageGoRoot, name))
	}
	for _, tool := range []string{"asm", "compile", "link"} {
		name := path.Join("pkg/tool", runtime.GOOS+"_"+runtime.GOARCH, tool)
		b.add(filepath.Join(root, name), path.Join(imageGoRoot, name))
	}
	b.add(filepath.Join(root, "src"), path.Join(imageGoRoot, "src"))
	b.addDir("tmp")
}

// addModules packs the modules as a proxy of files. The go.mod files of all others that are at hand come along: Go
// may want to look at those of what is not built.
func (b *baseImage) addModules(cache string, modules []goModule) {
	download := filepath.Join(cache, "cache", "download")
	for _, m := range modules {
		for _, file := range []string{m.Info, m.Zip} {
			name, err := filepath.Rel(download, file)
			if err != nil {
				b.fail(err)
				return
			}
			b.add(file, path.Join(imageGoProxy, filepath.ToSlash(name)))
		}
	}
	b.fail(filepath.WalkDir(download, func(file string, _ fs.DirEntry, err error) error {
		if err != nil || filepath.Ext(file) != ".mod" {
			return err
		}
		name, err := filepath.Rel(download, file)
		b.add(file, path.Join(imageGoProxy, filepath.ToSlash(name)))
		return err
	}))
}

// addCertificates packs the machine's, or an empty file where it has none in this place: the test needs no TLS.
func (b *baseImage) addCertificates() {
	if _, err := os.Stat("/" + caCertificates); err != nil {
		b.fail(b.tar.WriteHeader(&tar.Header{Name: caCertificates, Mode: 0o644}))
		return
	}
	b.add("/"+caCertificates, caCertificates)
}

// add packs a file or a tree, following symbolic links: distributions spread a Go root over several folders.
func (b *baseImage) add(from, to string) {
	if b.err != nil {
		return
	}
	info, err := os.Stat(from)
	switch {
	case err != nil:
		b.fail(err)
	case info.IsDir():
		entries, err := os.ReadDir(from)
		b.fail(err)
		for _, entry := range entries {
			name := entry.Name()
			if name == "testdata" || strings.HasSuffix(name, "_test.go") || strings.HasSuffix(to, "/src") && name == "cmd" {
				continue
			}
			b.add(filepath.Join(from, name), path.Join(to, name))
		}
	default:
		b.addFile(from, to, info)
	}
}

func (b *baseImage) addFile(from, to string, info fs.FileInfo) {
	file, err := os.Open(from)
	if err != nil {
		b.fail(err)
		return
	}
	defer file.Close()
	b.fail(b.tar.WriteHeader(&tar.Header{Name: to, Mode: int64(info.Mode().Perm()), Size: info.Size(), ModTime: info.ModTime()}))
	_, err = io.Copy(b.tar, file)
	b.fail(err)
}

func (b *baseImage) addDir(name string) {
	b.fail(b.tar.WriteHeader(&tar.Header{Name: name + "/", Typeflag: tar.TypeDir, Mode: 0o1777}))
}

func (b *baseImage) fail(err error) {
	if b.err == nil && err != nil {
		b.err = fmt.Errorf("failed to pack the stand-in for the build image: %w", err)
	}
}
