#!/usr/bin/env bash
# Proves that other packages can depend on this one by version: builds Spirals.swift against a
# tagged clone of HEAD, in release and in debug, and runs both. Uncommitted changes are not seen.
# On Linux also that Autograd and NN bring neither Foundation nor zlib, and what a program without
# a Swift runtime beside it weighs.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
repository=$(git -C "$here" rev-parse --show-toplevel)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

git clone --quiet "file://$repository" "$work/swift-autograd"
git -C "$work/swift-autograd" tag 1.0.0

mkdir -p "$work/consumer/Sources/Consumer"
# The file has top-level code, which SwiftPM takes from main.swift only.
cp "$here/Spirals.swift" "$work/consumer/Sources/Consumer/main.swift"
cat >"$work/consumer/Package.swift" <<MANIFEST
// swift-tools-version: 6.1
import PackageDescription

let package = Package(
  name: "Consumer",
  platforms: [.macOS(.v15)],
  dependencies: [.package(url: "file://$work/swift-autograd", from: "1.0.0")],
  targets: [
    .executableTarget(
      name: "Consumer",
      dependencies: [
        .product(name: "Autograd", package: "swift-autograd"),
        .product(name: "NN", package: "swift-autograd"),
      ])
  ]
)
MANIFEST
cd "$work/consumer"

# The manifest looks at the folder that it lies in, which the manifest cache does not know about.
options=(--manifest-cache none --cache-path "$work/cache")

fail() {
  echo "consumer: $1" >&2
  exit 1
}

# Builds in a configuration and runs so many epochs; leaves what it wrote in $work/stderr.
try() {
  local configuration=$1 epochs=$2
  echo "consumer: $configuration build"
  if ! swift build -c "$configuration" "${options[@]}" >"$work/log" 2>&1; then
    cat "$work/log"
    fail "the $configuration build failed"
  fi
  ".build/$configuration/Consumer" "$epochs" 2>"$work/stderr" || {
    cat "$work/stderr" >&2
    exit 1
  }
}

try release 30
if [ -s "$work/stderr" ]; then
  cat "$work/stderr" >&2
  fail "the release build must write nothing on standard error"
fi

if [ "$(uname)" = Linux ]; then
  ldd .build/release/Consumer >"$work/libraries"
  grep -q libswiftCore "$work/libraries" || fail "ldd does not list the Swift runtime"
  if grep -E 'Foundation|libz\.|libcurl' "$work/libraries"; then
    fail "a program with Autograd and NN links more than the Swift runtime and the C library"
  fi
  # Links the same objects again, with static libraries. SwiftPM renames main in executables.
  find .build/release/ -name '*.o' -exec swiftc -static-stdlib -Xlinker --gc-sections \
    -Xlinker --defsym=main=Consumer_main -o "$work/static" {} +
  nm --defined-only "$work/static" >"$work/symbols"
  grep -q ' swift_retain$' "$work/symbols" || fail "nm does not list the runtime's symbols"
  if grep -m 3 Foundation "$work/symbols"; then
    fail "a statically linked program with Autograd and NN holds Foundation"
  fi
  strip "$work/static"
  "$work/static" 30 >/dev/null || fail "the statically linked program fails"
  echo "consumer: $(stat -c %s "$work/static") bytes, statically linked and stripped"
fi

# A forgotten size is a compiler's error, and a superfluous one too.
compiles() {
  echo "import Autograd; import NN; let layer = $1" >"$work/layer.swift"
  swiftc -typecheck -I .build/release/Modules \
    -I .build/checkouts/swift-autograd/Sources/CKernels/include \
    -I .build/checkouts/swift-autograd/Sources/GPUKernels/include "$work/layer.swift" >"$work/log" 2>&1
}
for layer in 'Linear(400, 120)' 'LazyLinear(120)' 'LazyConv2d(6, kernelSize: 5)'; do
  compiles "$layer" || { cat "$work/log"; fail "$layer does not compile"; }
done
for layer in 'Linear(120)' 'LazyLinear(400, 120)' 'Conv2d(6, kernelSize: 5)' 'BatchNorm2d()'; do
  if compiles "$layer"; then fail "$layer compiles"; fi
done

# What is written first, coming from Python, is answered with what to write.
says() {
  if compiles "Tensor([1, 2]), y = Tensor([1, 2]), values = [1, 2]; $1"; then fail "$1 compiles"; fi
  grep -qF "$2" "$work/log" || {
    cat "$work/log"
    fail "$1 does not name $2"
  }
}
says 'if layer == y {}' 'write x .== y'
says 'if layer != y {}' 'write x .!= y'
says 'let mask = layer > 0' 'write x .> number'
says 'let mask = layer <= y' 'write x .<= y'
says 'var z = Tensor([1]); let one: Double = z[0]' 'cannot convert'
says 'let z = Tensor(values)' 'write Tensor(scalars: values)'
says 'let z = Tensor([values])' 'write Tensor(scalars: rows)'

# A dependent's debug build sees no unsafe flag, so it is slow, and says so in one line.
try debug 3
if [ "$(grep -c 'unoptimized build' "$work/stderr")" != 1 ] \
  || [ "$(wc -l <"$work/stderr")" != 1 ]; then
  cat "$work/stderr" >&2
  fail "the debug build must warn in one line that it is unoptimized"
fi
echo "consumer: both builds train"
