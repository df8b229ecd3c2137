package e2e

import (
	"archive/tar"
	"bytes"
	"errors"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"parley/drill/rig"
)

// compose runs the nodes and the Redis of compose.yaml on images that are here, and has two people talk over both. The
// proxy stays away: its image is not.
func (e *engine) compose(image string) {
	e.t.Helper()
	command := e.composeCommand()
	if command == nil {
		e.t.Log("docker compose is not installed: nothing is said about compose.yaml")
		return
	}
	redis := e.tag + ":redis"
	e.importRedis(redis)
	run := func(args ...string) string {
		e.t.Helper()
		all := slices.Concat(command, []string{"--project-name", e.tag, "--file", filepath.Join(repository, "compose.yaml")}, args)
		cmd := exec.CommandContext(e.ctx, all[0], all[1:]...)
		cmd.Env = append(os.Environ(), "PARLEY_IMAGE="+image, "REDIS_IMAGE="+redis)
		var stderr bytes.Buffer
		cmd.Stderr = &stderr
		out, err := cmd.Output()
		if err != nil {
			e.t.Fatalf("%s: %v\n%s", strings.Join(all, " "), err, stderr.String())
		}
		return string(bytes.TrimSpace(out))
	}
	if config := run("config"); !strings.Contains(config, "Caddyfile") || !strings.Contains(config, "appendonly") {
		e.t.Errorf("compose.yaml is read as\n%s", config)
	}
	defer run("down", "--volumes")
	run("up", "--detach", "--no-build", "node-a", "node-b")

	var people []*rig.Client
	for _, node := range []string{"node-a", "node-b"} {
		container := run("ps", "--quiet", node)
		e.healthy(container)
		ip := e.docker("inspect", "--format", `{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}`, container)
		client, err := rig.Dial(e.ctx, "ws://"+net.JoinHostPort(ip, "8080")+"/ws", rig.ClientOptions{})
		if err != nil {
			e.t.Fatal(err)
		}
		defer client.Close()
		e.say(client, "join:"+node)
		e.hear(client, "Welcome "+node+"!")
		people = append(people, client)
	}
	e.say(people[0], "msg:node-a:composed")
	e.hear(people[1], `"text":"composed"`)
}

// composeCommand is how compose is run here, or nil.
func (e *engine) composeCommand() []string {
	for _, command := range [][]string{{"docker", "compose"}, {"docker-compose"}} {
		if exec.CommandContext(e.ctx, command[0], append(command[1:], "version")...).Run() == nil {
			return command
		}
	}
	return nil
}

// importRedis makes a stand-in for Redis's image out of this machine's redis-server and what it is linked with.
func (e *engine) importRedis(tag string) {
	e.t.Helper()
	var files []string
	for _, program := range []string{"redis-server", "redis-cli"} {
		path, err := exec.LookPath(program)
		if err != nil {
			e.t.Fatal(err)
		}
		linked, err := exec.CommandContext(e.ctx, "ldd", path).Output()
		if err != nil {
			e.t.Fatalf("ldd %s: %v", path, err)
		}
		files = append(files, path)
		for _, library := range regexp.MustCompile(`(/\S+) \(0x`).FindAllSubmatch(linked, -1) {
			files = append(files, string(library[1]))
		}
	}
	slices.Sort(files)
	r, w := io.Pipe()
	packed := make(chan struct{})
	go func() {
		defer close(packed)
		b := &baseImage{tar: tar.NewWriter(w)}
		for _, file := range slices.Compact(files) {
			b.add(file, strings.TrimPrefix(file, "/"))
		}
		b.addDir("tmp")
		w.CloseWithError(errors.Join(b.err, b.tar.Close()))
	}()
	e.cleanUp("rmi", "--force", tag)
	e.dockerReading(r, "import", "--change", "ENV PATH=/usr/bin:/bin", "--change", "WORKDIR /data", "-", tag)
	_ = r.Close()
	<-packed
}
