// Command sbom writes the bill of materials of a Go binary in CycloneDX format: the
// main module, its dependencies, and the standard library, with their versions, as
// the binary lists them.
//
//	sbom -version V -license ID BINARY >FILE
package main

import (
	"crypto/sha256"
	"debug/buildinfo"
	"encoding/hex"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"strings"

	cdx "github.com/CycloneDX/cyclonedx-go"
)

func main() {
	version := flag.String("version", "", "the version of the module")
	license := flag.String("license", "", "its license, an `identifier` of SPDX")
	flag.Parse()
	if err := write(os.Stdout, flag.Arg(0), *version, *license); err != nil {
		fmt.Fprintln(os.Stderr, "sbom:", err)
		os.Exit(1)
	}
}

func write(w io.Writer, binary, version, license string) error {
	if binary == "" || version == "" {
		return errors.New("-version and a binary are needed")
	}
	info, err := buildinfo.ReadFile(binary)
	if err != nil {
		return err
	}
	program, err := os.ReadFile(binary)
	if err != nil {
		return err
	}
	sum := sha256.Sum256(program)
	main := component(info.Main.Path, "v"+version)
	main.Name = info.Path
	main.PackageURL += "#" + strings.TrimPrefix(info.Path, info.Main.Path+"/") // the program within the module
	main.Type = cdx.ComponentTypeApplication
	main.Hashes = &[]cdx.Hash{{Algorithm: cdx.HashAlgoSHA256, Value: hex.EncodeToString(sum[:])}}
	main.Licenses = &cdx.Licenses{{License: &cdx.License{ID: license}}}
	goos, goarch := "", ""
	for _, s := range info.Settings {
		switch s.Key {
		case "GOOS":
			goos = s.Value
		case "GOARCH":
			goarch = s.Value
		}
	}
	main.Properties = &[]cdx.Property{{Name: "goos", Value: goos}, {Name: "goarch", Value: goarch}}

	// Scanners know the standard library by this name.
	std := component("stdlib", strings.TrimPrefix(info.GoVersion, "go"))
	std.Licenses = &cdx.Licenses{{License: &cdx.License{ID: "BSD-3-Clause"}}}
	parts := []cdx.Component{std}
	for _, dep := range info.Deps {
		if dep.Replace != nil {
			dep = dep.Replace
		}
		parts = append(parts, component(dep.Path, dep.Version))
	}
	refs := make([]string, len(parts))
	for i := range parts {
		refs[i] = parts[i].BOMRef
	}
	bom := cdx.NewBOM()
	bom.Metadata = &cdx.Metadata{Component: &main}
	bom.Components = &parts
	bom.Dependencies = &[]cdx.Dependency{{Ref: main.BOMRef, Dependencies: &refs}}
	return cdx.NewBOMEncoder(w, cdx.BOMFileFormatJSON).SetPretty(true).EncodeVersion(bom, cdx.SpecVersion1_5)
}

// component is a Go module.
func component(path, version string) cdx.Component {
	url := "pkg:golang/" + path + "@" + version
	return cdx.Component{BOMRef: url, Type: cdx.ComponentTypeLibrary, Name: path, Version: version, PackageURL: url}
}
