package main

import (
	"embed"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
	"strings"
)

// fault is a change of a few lines.
type fault struct {
	name     string
	kind     string // the name of the file that it stands in
	file     string // that it is in, below the module's root
	old, new string
	breaks   string // which promise, and under which failure or in which race
}

// Each file in faults holds those of a kind:
//
//	# name
//	what it breaks, in a sentence, on any number of lines
//	@ file
//	-lines that are there once, the first and the last perhaps in part
//	+lines that come in their place
//
//go:embed faults/*.txt
var faultFiles embed.FS

func readFaults() (faults []fault, err error) {
	paths, err := fs.Glob(faultFiles, "faults/*.txt")
	if err != nil {
		return nil, err
	}
	for _, p := range paths {
		text, err := fs.ReadFile(faultFiles, p)
		if err != nil {
			return nil, err
		}
		of, err := parseFaults(strings.TrimSuffix(path.Base(p), ".txt"), string(text))
		if err != nil {
			return nil, fmt.Errorf("%s: %w", p, err)
		}
		faults = append(faults, of...)
	}
	return faults, nil
}

func parseFaults(kind, text string) (faults []fault, err error) {
	for line := range strings.Lines(text) {
		line = strings.TrimSuffix(line, "\n")
		if line == "" {
			continue
		}
		if name, is := strings.CutPrefix(line, "# "); is {
			faults = append(faults, fault{name: name, kind: kind})
			continue
		}
		if len(faults) == 0 {
			return nil, errors.New("a line before the first name")
		}
		f := &faults[len(faults)-1]
		switch {
		case strings.HasPrefix(line, "@ "):
			f.file = line[2:]
		case f.file != "" && line[0] == '-':
			f.old = joined(f.old, line[1:])
		case f.file != "" && line[0] == '+':
			f.new = joined(f.new, line[1:])
		case f.file == "":
			f.breaks = strings.TrimSpace(f.breaks + " " + line)
		default:
			return nil, fmt.Errorf("%s: %q is of neither side", f.name, line)
		}
	}
	for _, f := range faults {
		if f.file == "" || f.old == "" || f.breaks == "" || f.old == f.new {
			return nil, fmt.Errorf("%s lacks something", f.name)
		}
	}
	return faults, nil
}

// joined adds a line to those there are.
func joined(lines, line string) string {
	if lines == "" {
		return line
	}
	return lines + "\n" + line
}

// plant gives a file's text with the fault in it.
func (f fault) plant(text string) (string, error) {
	if n := strings.Count(text, f.old); n != 1 {
		return "", fmt.Errorf("%s: %s holds its old text %d times", f.name, f.file, n)
	}
	return strings.Replace(text, f.old, f.new, 1), nil
}

func listFaults(out io.Writer, faults []fault) {
	for _, f := range faults {
		fmt.Fprintf(out, "%s (%s, %s): %s\n", f.name, f.kind, f.file, f.breaks)
	}
}
