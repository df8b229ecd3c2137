package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"slices"
	"strings"
)

// parts are what the simulation and the tests of the packages need of the module.
var parts = []string{"actors", "redisbridge", "drill/check", "drill/rig", "drill/witness", "drill/sim"}

// tree is a copy of the module: whoever edits the original meanwhile changes nothing here. What
// is planted stands beside it, and the compiler is told to take that instead: so what no fault
// touches is built once.
type tree struct {
	root string // of all, outside of the module
	copy string
}

func newTree(module string) (*tree, error) {
	root, err := os.MkdirTemp("", "mutants")
	if err != nil {
		return nil, err
	}
	t := &tree{root: root, copy: filepath.Join(root, "module")}
	for _, dir := range parts {
		err = errors.Join(err, os.CopyFS(filepath.Join(t.copy, dir), os.DirFS(filepath.Join(module, dir))))
	}
	for _, file := range waiting {
		err = errors.Join(err, hurry(filepath.Join(t.copy, file)))
	}
	for _, file := range []string{"go.mod", "go.sum"} {
		text, readErr := os.ReadFile(filepath.Join(module, file))
		err = errors.Join(err, readErr, os.WriteFile(filepath.Join(t.copy, file), text, 0o600))
	}
	if err != nil {
		t.remove()
		return nil, fmt.Errorf("copy the module, which is to be the working directory: %w", err)
	}
	return t, nil
}

// waiting are the files that say how long tests of the packages wait for what is to come.
var waiting = []string{"actors/engine/main_test.go", "actors/harness_test.go", "redisbridge/main_test.go"}

const (
	patience = "\nconst patience = 30 * time.Second\n"
	hurried  = "\nconst patience = 12 * time.Second\n"
)

// hurry has tests wait less: with a fault, much never comes to be.
func hurry(file string) error {
	text, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	if strings.Count(string(text), patience) != 1 {
		return fmt.Errorf("%s does not say%s", file, patience)
	}
	return os.WriteFile(file, []byte(strings.Replace(string(text), patience, hurried, 1)), 0o600)
}

// simulations are the tests to run of the simulation: those of plans only where there are plans.
func (t *tree) simulations() string {
	if plans, _ := filepath.Glob(filepath.Join(t.copy, sim, "testdata", "*.json")); len(plans) == 0 {
		return "TestPromisesHold"
	}
	return "TestPromisesHold|TestPlansThatOnceFailedHold"
}

// packages are those whose tests are to find faults: the one that a fault is in, and those around
// it, which are made of it.
func (t *tree) packages(faults ...fault) (dirs []string) {
	for _, f := range faults {
		for dir := path.Dir(f.file); dir != "."; dir = path.Dir(dir) {
			tests, _ := filepath.Glob(filepath.Join(t.copy, dir, "*_test.go"))
			if len(tests) > 0 && !slices.Contains(dirs, dir) {
				dirs = append(dirs, dir)
			}
		}
	}
	return dirs
}

func (t *tree) remove() { _ = os.RemoveAll(t.root) }

// planted is the tree with a fault in it.
type planted struct {
	tree *tree
	dir  string // for what is built
	args []string
}

// plant makes a fault's change; the fault without a change leaves all as it is.
func (t *tree) plant(f fault) (*planted, error) {
	p := &planted{tree: t, dir: filepath.Join(t.root, "planted", f.name)}
	if err := os.MkdirAll(p.dir, 0o700); err != nil || f.old == "" {
		return p, err
	}
	original := filepath.Join(t.copy, f.file)
	text, err := os.ReadFile(original)
	if err != nil {
		return nil, err
	}
	changed, err := f.plant(string(text))
	if err != nil {
		return nil, err
	}
	instead, overlay := filepath.Join(p.dir, filepath.Base(f.file)), filepath.Join(p.dir, "overlay.json")
	replace, err := json.Marshal(map[string]map[string]string{"Replace": {original: instead}})
	if err = errors.Join(err, os.WriteFile(instead, []byte(changed), 0o600), os.WriteFile(overlay, replace, 0o600)); err != nil {
		return nil, err
	}
	p.args = []string{"-overlay", overlay}
	return p, nil
}

// build compiles a package's tests, and gives the program.
func (p *planted) build(ctx context.Context, pkg string) (program string, err error) {
	program = filepath.Join(p.dir, filepath.Base(pkg)+".test")
	args := append([]string{"test", "-c", "-trimpath", "-ldflags=-s -w", "-o", program}, p.args...)
	cmd := exec.CommandContext(ctx, "go", append(args, "./"+pkg)...)
	cmd.Dir = p.tree.copy
	if out, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("build %s: %w\n%s", pkg, err, out)
	}
	return program, nil
}

func (p *planted) remove() { _ = os.RemoveAll(p.dir) }
