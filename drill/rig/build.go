package rig

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
)

// Build compiles the main package in dir into a temporary folder; whoever built removes the binary's folder.
func Build(ctx context.Context, dir string, race bool) (string, error) {
	out, err := os.MkdirTemp("", "rig-build-")
	if err != nil {
		return "", fmt.Errorf("failed to make a folder for the binary: %w", err)
	}
	binary := filepath.Join(out, "server")
	args := []string{"build", "-o", binary}
	if race {
		args = append(args, "-race")
	}
	cmd := exec.CommandContext(ctx, "go", append(args, ".")...)
	cmd.Dir = dir
	if output, err := cmd.CombinedOutput(); err != nil {
		_ = os.RemoveAll(out)
		return "", fmt.Errorf("failed to build %s: %w\n%s", dir, err, output)
	}
	return binary, nil
}
