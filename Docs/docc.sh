#!/usr/bin/env bash
# Builds the documentation of Autograd and NN with the toolchain's docc, into .build/docc; a warning is
# an error. Look at a page with `docc preview .build/docc/NN.docc --additional-symbol-graph-dir
# .build/docc/NN.symbols`.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

out=.build/docc
rm -rf "$out"
swift build --target NN >/dev/null
modules=$(swift build --show-bin-path)/Modules
triple=$(swiftc -print-target-info | sed -n 's/^ *"triple": "\(.*\)",/\1/p' | head -n 1)
for module in Autograd NN; do
  mkdir -p "$out/$module.symbols"
  swift symbolgraph-extract -module-name "$module" -I "$modules" -target "$triple" \
    -Xcc -fmodule-map-file=Sources/CKernels/include/module.modulemap \
    -Xcc -fmodule-map-file=Sources/GPUKernels/include/module.modulemap -minimum-access-level public \
    -skip-synthesized-members -output-dir "$out/$module.symbols"
  # The guides are links to Docs, where one guide refers to another by its file.
  cp -rL "Sources/$module/Documentation.docc" "$out/$module.docc"
  sed -i.md -E 's/\]\(([A-Za-z]+)\.md\)/](doc:\1)/' "$out/$module.docc"/*.md
  rm "$out/$module.docc"/*.md.md
  docc convert "$out/$module.docc" --additional-symbol-graph-dir "$out/$module.symbols" \
    --fallback-display-name "$module" --fallback-bundle-identifier "$module" \
    --warnings-as-errors --output-path "$out/$module.doccarchive"
  # docc groups by kind what no topic names.
  if grep -q '"generated":true' "$out/$module.doccarchive/data/documentation/${module,,}.json"; then
    echo "docc: Sources/$module/Documentation.docc/$module.md lacks a public symbol" >&2
    exit 1
  fi
done
