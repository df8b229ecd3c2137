package transport

import (
	"bytes"
	"flag"
	"fmt"
	"io/fs"
	"os"
	"regexp"
	"strings"
	"testing"
)

var writeTypes = flag.Bool("page.types", false, "write page/chat.d.ts anew")

const (
	typesFile  = "page/chat.d.ts"
	typesHead  = "// The types of chat.js, made from its comments by `go test ./transport -run TestTypesOfChat -page.types`.\n"
	typesWidth = 120
)

var (
	docComments = regexp.MustCompile(`(?s)/\*\*(.*?)\*/`)
	docMargin   = regexp.MustCompile(`(?m)^\s*\* ?`)
	docTypedef  = regexp.MustCompile(`(?s)@typedef \{(.+)\} (\w+)( .*)?$`)
	docProperty = regexp.MustCompile(`^(\[?)(\w+)\]? ?(.*)$`)
	docMember   = regexp.MustCompile(`(?ms)^  /\*\*((?:[^*]|\*[^/])*)\*/\n  (get )?(\w+)\(([^\n]*)\) \{$`)
	docFunction = regexp.MustCompile(`(?ms)^/\*\*((?:[^*]|\*[^/])*)\*/\nexport function (\w+)\(`)
	exported    = regexp.MustCompile(`export \{ (.+) \} from`)
)

// TestTypesOfChatAreThoseOfItsComments makes chat.d.ts from the JSDoc of chat.js and of what it gives on.
func TestTypesOfChatAreThoseOfItsComments(t *testing.T) {
	made, err := makeTypes()
	if err != nil {
		t.Fatal(err)
	}
	if *writeTypes {
		if err := os.WriteFile(typesFile, made, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	kept, err := fs.ReadFile(pageFiles, typesFile)
	if err != nil || !*writeTypes && !bytes.Equal(kept, made) {
		t.Errorf("%s is not what the comments say: write it with -page.types (%v)", typesFile, err)
	}
}

func TestEveryMemberOfChatHasItsTypes(t *testing.T) {
	chat, err := fs.ReadFile(pageFiles, "page/chat.js")
	if err != nil {
		t.Fatal(err)
	}
	_, class, _ := strings.Cut(string(chat), "export class Chat")
	all := regexp.MustCompile(`(?m)^  (?:get )?\w+\(.*\{$`).FindAllString(class, -1)
	documented := docMember.FindAllStringSubmatch(class, -1)
	if len(all) != len(documented) || len(all) < 20 {
		t.Errorf("%d members have comments, of %d", len(documented), len(all))
	}
	for _, m := range documented {
		if m[3] != "constructor" && !strings.Contains(m[1], "@returns {") {
			t.Errorf("%s does not say what it returns", m[3])
		}
	}
}

// makeTypes is all that users of chat.js can see of it.
func makeTypes() ([]byte, error) {
	var out bytes.Buffer
	out.WriteString(typesHead)
	sources := map[string]string{}
	for _, name := range []string{"chat", "message", "outbox", "pages"} {
		source, err := fs.ReadFile(pageFiles, "page/"+name+".js")
		if err != nil {
			return nil, err
		}
		sources[name] = string(source)
		for _, comment := range docComments.FindAllStringSubmatch(sources[name], -1) {
			writeTypedefs(&out, docMargin.ReplaceAllString(comment[1], ""))
		}
	}
	_, class, _ := strings.Cut(sources["chat"], "export class Chat")
	out.WriteString("\nexport class Chat {\n")
	for _, m := range docMember.FindAllStringSubmatch(class, -1) {
		doc := tagsOf(docMargin.ReplaceAllString(m[1], ""))
		writeDoc(&out, "  ", doc.text)
		switch {
		case m[3] == "constructor":
			fmt.Fprintf(&out, "  constructor(%s);\n", doc.parameters())
		case m[2] != "":
			fmt.Fprintf(&out, "  readonly %s: %s;\n", m[3], doc.returns)
		default:
			fmt.Fprintf(&out, "  %s%s(%s): %s;\n", m[3], doc.template, doc.parameters(), doc.returns)
		}
	}
	out.WriteString("  readonly state: State;\n}\n")
	for _, m := range docFunction.FindAllStringSubmatch(sources["message"], -1) {
		if names := exported.FindStringSubmatch(sources["chat"]); names == nil || !strings.Contains(names[1]+",", m[2]+",") {
			continue
		}
		doc := tagsOf(docMargin.ReplaceAllString(m[1], ""))
		out.WriteString("\n")
		writeDoc(&out, "", doc.text)
		fmt.Fprintf(&out, "export function %s(%s): %s;\n", m[2], doc.parameters(), doc.returns)
	}
	return out.Bytes(), nil
}

// writeTypedefs writes the types that a comment defines; those that are only brought from another file stand there.
func writeTypedefs(out *bytes.Buffer, comment string) {
	for _, part := range strings.Split(comment, "@typedef ")[1:] {
		properties := strings.Split(part, "@property ")
		m := docTypedef.FindStringSubmatch("@typedef " + strings.TrimSpace(properties[0]))
		if m == nil || strings.HasPrefix(m[1], "import(") {
			continue
		}
		if m[1] != "object" {
			fmt.Fprintf(out, "\nexport type %s = %s;\n", m[2], m[1])
			continue
		}
		fmt.Fprintf(out, "\nexport interface %s {\n", m[2])
		for _, property := range properties[1:] {
			kind, rest := typeOf(property)
			p := docProperty.FindStringSubmatch(strings.Join(strings.Fields(rest), " "))
			writeDoc(out, "  ", p[3])
			fmt.Fprintf(out, "  %s%s: %s;\n", p[2], strings.Replace(p[1], "[", "?", 1), kind)
		}
		out.WriteString("}\n")
	}
}

// jsdoc is what a comment says of a function.
type jsdoc struct {
	text, template, returns string
	params                  []string
}

func (d jsdoc) parameters() string { return strings.Join(d.params, ", ") }

func tagsOf(comment string) (d jsdoc) {
	parts := strings.Split(comment, "@")
	d.text = strings.Join(strings.Fields(parts[0]), " ")
	for _, part := range parts[1:] {
		tag, rest, _ := strings.Cut(part, " ")
		kind, rest := typeOf(rest)
		name := docProperty.FindStringSubmatch(strings.Join(strings.Fields(rest), " "))
		switch tag {
		case "param":
			d.params = append(d.params, name[2]+strings.Replace(name[1], "[", "?", 1)+": "+kind)
		case "returns":
			d.returns = kind
		case "template":
			d.template = "<" + name[2] + " extends " + kind + ">"
		}
	}
	return d
}

// typeOf cuts off the type in braces that stands at the beginning. Types of other files are here, too.
func typeOf(s string) (kind, rest string) {
	depth := 0
	for i, c := range s {
		switch c {
		case '{':
			depth++
		case '}':
			depth--
		}
		if depth == 0 {
			if i == 0 {
				return "", s
			}
			return regexp.MustCompile(`import\("[^"]+"\)\.`).ReplaceAllString(s[1:i], ""), strings.TrimSpace(s[i+1:])
		}
	}
	return "", s
}

// writeDoc writes a comment in lines that are no longer than others.
func writeDoc(out *bytes.Buffer, indent, text string) {
	if text == "" {
		return
	}
	if one := indent + "/** " + text + " */"; len(one) <= typesWidth {
		out.WriteString(one + "\n")
		return
	}
	out.WriteString(indent + "/**")
	width := typesWidth + 1
	for _, word := range strings.Fields(text) {
		if width+1+len(word) > typesWidth {
			out.WriteString("\n" + indent + " *")
			width = len(indent) + len(" *")
		}
		out.WriteString(" " + word)
		width += 1 + len(word)
	}
	out.WriteString("\n" + indent + " */\n")
}
