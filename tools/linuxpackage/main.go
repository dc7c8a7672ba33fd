// Command linuxpackage makes a deb, an rpm and an apk from the files in the working
// directory, as described by nfpm.yaml there, which may use environment variables.
// SOURCE_DATE_EPOCH is the time of all files.
//
//	linuxpackage DIR
package main

import (
	"fmt"
	"os"
	"path/filepath"

	"github.com/goreleaser/nfpm/v2"
	_ "github.com/goreleaser/nfpm/v2/apk"
	_ "github.com/goreleaser/nfpm/v2/deb"
	_ "github.com/goreleaser/nfpm/v2/rpm"
)

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: linuxpackage DIR")
		os.Exit(2)
	}
	for _, format := range []string{"deb", "rpm", "apk"} {
		if err := pack(format, os.Args[1]); err != nil {
			fmt.Fprintf(os.Stderr, "linuxpackage: %s: %v\n", format, err)
			os.Exit(1)
		}
	}
}

// pack makes one package, with the usual file name of its format.
func pack(format, dir string) error {
	config, err := nfpm.ParseFile("nfpm.yaml")
	if err != nil {
		return err
	}
	info, err := config.Get(format)
	if err != nil {
		return err
	}
	info = nfpm.WithDefaults(info)
	if err := nfpm.PrepareForPackager(info, format); err != nil {
		return err
	}
	packager, err := nfpm.Get(format)
	if err != nil {
		return err
	}
	out, err := os.Create(filepath.Join(dir, packager.ConventionalFileName(info)))
	if err != nil {
		return err
	}
	if err := packager.Package(info, out); err != nil {
		return err
	}
	return out.Close()
}
