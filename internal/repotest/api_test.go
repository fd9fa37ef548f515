// SPDX-License-Identifier: Apache-2.0

package repotest

import (
	"go/ast"
	"go/build"
	"go/doc"
	"go/parser"
	"go/token"
	gotypes "go/types"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// publicPackages are the packages whose exported declarations testdata/api lists. A
// change there needs a line in CHANGELOG.md.
var publicPackages = []struct{ dir, golden string }{
	{".", "connectparticipant.txt"},
	{"types", "types.txt"},
	{"chat", "chat.txt"},
	{"interactive", "interactive.txt"},
	{"participanttest", "participanttest.txt"},
	{"participanttest/control", "control.txt"},
	{"streaming", "streaming.txt"},
	{"fleet", "fleet.txt"},
	{"fleet/fleettest", "fleettest.txt"},
	{"fleet/natsfleet", "natsfleet.txt"},
	{"fleet/natsfleet/natsembedded", "natsembedded.txt"},
	{"fleet/dynamofleet", "dynamofleet.txt"},
}

func TestAPIMatchesTheListing(t *testing.T) {
	t.Parallel()
	atRoot(t)
	for _, pkg := range publicPackages {
		t.Run(pkg.golden, func(t *testing.T) {
			t.Parallel()
			golden(t, filepath.Join("testdata", "api", pkg.golden), listAPI(t, pkg.dir))
		})
	}
}

// listAPI returns the exported declarations of the package in dir, sorted, one per line.
// Parameter names are omitted, because changing them breaks no program.
func listAPI(t *testing.T, dir string) string {
	t.Helper()
	var l apiLines
	pkg := parsePackage(t, dir)
	l.values(pkg.Consts)
	l.values(pkg.Vars)
	l.funcs(pkg.Funcs)
	for _, typ := range pkg.Types {
		l.values(typ.Consts)
		l.values(typ.Vars)
		l.funcs(typ.Funcs)
		l.funcs(typ.Methods)
		for _, spec := range typ.Decl.Specs {
			l.typeSpec(spec.(*ast.TypeSpec))
		}
	}
	slices.Sort(l)
	return strings.Join(l, "\n") + "\n"
}

// parsePackage returns the documentation of a package: exported names only, with methods
// grouped by type.
func parsePackage(t *testing.T, dir string) *doc.Package {
	t.Helper()
	source, err := build.ImportDir(dir, 0)
	require.NoError(t, err)
	fset := token.NewFileSet()
	var files []*ast.File
	for _, name := range source.GoFiles {
		file, err := parser.ParseFile(fset, filepath.Join(dir, name), nil, parser.SkipObjectResolution)
		require.NoError(t, err)
		ast.Inspect(file, dropParameterNames)
		files = append(files, file)
	}
	pkg, err := doc.NewFromFiles(fset, files, source.ImportPath)
	require.NoError(t, err)
	return pkg
}

func dropParameterNames(node ast.Node) bool {
	if fn, ok := node.(*ast.FuncType); ok {
		fn.Params, fn.Results = withoutNames(fn.Params), withoutNames(fn.Results)
	}
	return true
}

func withoutNames(fields *ast.FieldList) *ast.FieldList {
	if fields == nil {
		return nil
	}
	unnamed := &ast.FieldList{}
	for _, field := range fields.List {
		for range max(1, len(field.Names)) {
			unnamed.List = append(unnamed.List, &ast.Field{Type: field.Type})
		}
	}
	return unnamed
}

type apiLines []string

func (l *apiLines) add(words ...string) {
	*l = append(*l, strings.Join(words, " "))
}

// values lists constants and variables. A variable's type is omitted if the declaration
// doesn't have it.
func (l *apiLines) values(values []*doc.Value) {
	for _, value := range values {
		var above ast.Expr
		for _, spec := range value.Decl.Specs {
			spec := spec.(*ast.ValueSpec)
			if spec.Type == nil && spec.Values == nil {
				spec.Type = above // a constant without a value has the type of the one above
			}
			above = spec.Type
			l.valueSpec(value.Decl.Tok, spec)
		}
	}
}

func (l *apiLines) valueSpec(kind token.Token, spec *ast.ValueSpec) {
	for i, name := range spec.Names {
		if !name.IsExported() {
			continue
		}
		words := []string{kind.String(), name.Name}
		if spec.Type != nil {
			words = append(words, gotypes.ExprString(spec.Type))
		}
		if kind == token.CONST && i < len(spec.Values) {
			words = append(words, "=", gotypes.ExprString(spec.Values[i]))
		}
		l.add(words...)
	}
}

func (l *apiLines) funcs(funcs []*doc.Func) {
	for _, fn := range funcs {
		signature := fn.Name + typeParams(fn.Decl.Type.TypeParams) + parameters(fn.Decl.Type)
		if fn.Recv == "" {
			l.add("func", signature)
		} else {
			l.add("method", "("+fn.Recv+")", signature)
		}
	}
}

func (l *apiLines) typeSpec(spec *ast.TypeSpec) {
	name := spec.Name.Name + typeParams(spec.TypeParams)
	switch typ := spec.Type.(type) {
	case *ast.StructType:
		l.add("type", name, "struct")
		l.fields("type "+name+" struct,", typ.Fields)
	case *ast.InterfaceType:
		l.add("type", name, "interface")
		l.methods("type "+name+" interface,", typ.Methods)
		if typ.Incomplete {
			l.add("type", name, "interface, unexported methods")
		}
	default:
		if spec.Assign.IsValid() {
			name += " ="
		}
		l.add("type", name, gotypes.ExprString(typ))
	}
}

func (l *apiLines) fields(owner string, list *ast.FieldList) {
	for _, field := range list.List {
		typ := gotypes.ExprString(field.Type)
		if len(field.Names) == 0 {
			l.add(owner, "embedded", typ)
		}
		for _, name := range field.Names {
			l.add(owner, name.Name, typ)
		}
	}
}

func (l *apiLines) methods(owner string, list *ast.FieldList) {
	for _, member := range list.List {
		if method, ok := member.Type.(*ast.FuncType); ok {
			l.add(owner, member.Names[0].Name+parameters(method))
		} else {
			l.add(owner, "embedded", gotypes.ExprString(member.Type))
		}
	}
}

// parameters returns the parameters and results of a function.
func parameters(fn *ast.FuncType) string {
	return strings.TrimPrefix(gotypes.ExprString(fn), "func")
}

func typeParams(fields *ast.FieldList) string {
	if fields == nil {
		return ""
	}
	var params []string
	for _, field := range fields.List {
		for _, name := range field.Names {
			params = append(params, name.Name+" "+gotypes.ExprString(field.Type))
		}
	}
	return "[" + strings.Join(params, ", ") + "]"
}
