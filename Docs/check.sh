#!/usr/bin/env bash
# Compiles and runs every ```swift block of README.md and Docs/*.md.
#
# Each block is a program of its own that imports all library products. Comments before a block change
# that; they do not show when the page is rendered:
#   <!-- context: let x = Tensor([1, 2, 3]) -->   code to put before the block (several lines may follow)
#   <!-- continues -->                            the block follows the one before it in one program
#   <!-- compile only -->                         the program is not run
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
scratch=$root/.build/docs
mkdir -p "$scratch"
rm -rf "$scratch/Sources" "$scratch/Sources.compile-only"

# One folder per program. A #sourceLocation makes the compiler name the document and its line.
awk -v out="$scratch/Sources" -v root="$root/" '
  function target(file) {
    sub(".*/", "", file)
    sub("[.]md$", "", file)
    return file "Block" count
  }
  FNR == 1 {
    count = 0
    context = ""
    continues = compileOnly = inContext = 0
  }
  inBlock && /^```/ {
    inBlock = 0
    print "#sourceLocation()" > main
    next
  }
  inBlock { print > main; next }
  inContext || /^<!-- context:/ {
    inContext = !/-->/
    line = $0
    sub(/^<!-- context: */, "", line)
    sub(/ *-->.*/, "", line)
    context = context line "\n"
    next
  }
  /^<!-- continues -->/ { continues = 1; next }
  /^<!-- compile only -->/ { compileOnly = 1; next }
  /^```swift/ {
    if (continues && count == 0) {
      print FILENAME ":" FNR ": nothing to continue" > "/dev/stderr"
      failed = 1
      exit 1
    }
    if (!continues) {
      count++
      folder = out "/" target(FILENAME)
      system("mkdir -p \"" folder "\"")
      if (main) close(main)
      main = folder "/main.swift"
      print "import Autograd\nimport Datasets\nimport NN\nimport Plots" > main
    }
    if (compileOnly) { print target(FILENAME) > (out ".compile-only") }
    printf "%s", context > main
    path = FILENAME
    sub(root, "", path)
    print "#sourceLocation(file: \"" path "\", line: " FNR + 1 ")" > main
    context = ""
    continues = compileOnly = 0
    inBlock = 1
  }
  END { exit failed }
' "$root/README.md" "$root"/Docs/*.md

# README.md shows the example's model.
if [[ $(<"$root/README.md") != *"$(sed -n '/^final class LeNet/,/^}/p' "$root/Sources/LeNetExample/LeNet.swift")"* ]]; then
  echo "docs: README.md shows another LeNet than Sources/LeNetExample/LeNet.swift" >&2
  exit 1
fi

# The programs use the package's own debug build: as a dependency it would be compiled once more.
cd "$root"
swift build --product LeNetExample >"$scratch/log" 2>&1 || {
  cat "$scratch/log"
  exit 1
}
build=$(swift build --show-bin-path)
grep -v '/LeNetExample\.build/' "$build/LeNetExample.product/Objects.LinkFileList" >"$scratch/objects"
swiftc -emit-library -o "$scratch/libProducts.so" "@$scratch/objects" -lz
options=(-swift-version 6 -I "$build/Modules" -L "$scratch" -lProducts -Xlinker -rpath -Xlinker "$scratch")
for map in Sources/{CKernels/include,GPUKernels/include,CZlib}/module.modulemap; do
  options+=(-Xcc "-fmodule-map-file=$root/$map")
done
programs=$(ls "$scratch/Sources")
mkdir -p "$scratch/bin"
# shellcheck disable=SC2016 # $1 is the inner shell's
if ! xargs -P "$(getconf _NPROCESSORS_ONLN)" -I '{}' sh -c \
  'program=$1 && shift && swiftc -module-name "$program" "$@"' - '{}' "${options[@]}" \
  -o "$scratch/bin/{}" "$scratch/Sources/{}/main.swift" <<<"$programs" >"$scratch/log" 2>&1; then
  grep -E "^(README.md|Docs/).*error:" "$scratch/log" | sort -u || cat "$scratch/log"
  echo "docs: a block does not compile" >&2
  exit 1
fi
if grep -E "^(README.md|Docs/).*warning:" "$scratch/log"; then
  echo "docs: a block compiles with a warning" >&2
  exit 1
fi

# They run in a folder of their own, because some write files.
mkdir -p "$scratch/run"
cd "$scratch/run"
for program in $programs; do
  if grep -qsx "$program" "$scratch/Sources.compile-only"; then continue; fi
  status=0
  SWIFT_BACKTRACE=enable=no timeout 120 "$scratch/bin/$program" \
    >"$scratch/log" 2>&1 </dev/null || status=$?
  if [ "$status" != 0 ]; then
    cat "$scratch/log"
    echo "docs: $program fails with $status" >&2
    exit 1
  fi
done
echo "docs: $(wc -w <<<"$programs") programs compile and run"
