#!/usr/bin/env bash
# Compares every C kernel with the plain reference on aarch64 (NEON), under an emulator where this processor is another.
# Without the tools for that, and without a way to install them, it says so in one line. First the driver itself is
# tested, on this processor and without optimization; the tests in Swift do the rest here.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"

sources=../../Sources/CKernels
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

clang=$(command -v clang || true)
if [ -z "$clang" ]; then clang=$(dirname "$(readlink -f "$(command -v swiftc)")")/clang; fi

# compile FOLDER OPTION...: the objects of kernels and driver.
compile() {
  local folder=$1
  shift
  mkdir "$folder"
  local options=(-std=c17 -Wall -Wno-nullability-completeness -Werror "-I$sources/include" "$@")
  local portable=(-U__SIZEOF_INT128__ -DCKKernelsReference=CKKernelsPortable)
  {
    for file in "$sources"/*.c "$sources"/*/*.c ./*.c; do printf '%s\n' "$file -o $folder/$(basename "$file" .c).o"; done
    printf '%s\n' "$sources/reference/reference.c -o $folder/portable.o ${portable[*]}"
  } | xargs -P "$(nproc)" -I {} sh -c "$clang ${options[*]} -c {}"
}

isHere=$(uname -m | grep -cE '^(aarch64|arm64)$' || true)
compile "$work/native" "$([ "$isHere" = 1 ] && echo -O2 || echo -O0)"
"$clang" "$work"/native/*.o -lm -o "$work/native/driver"
"$work/native/driver"
# With one wrong element in every result, every comparison must fail.
"$work/native/driver" --spoil >"$work/spoiled" || {
  cat "$work/spoiled"
  echo "kernels: the driver overlooks wrong results" >&2
  exit 1
}

if [ "$isHere" = 1 ]; then exit; fi

emulator() { command -v qemu-aarch64 || command -v qemu-aarch64-static; }
isComplete() { command -v aarch64-linux-gnu-gcc && emulator; }

if ! isComplete >/dev/null && command -v apt-get >/dev/null; then
  sudo=$([ "$(id -u)" = 0 ] || echo sudo -n)
  {
    $sudo apt-get update -qq </dev/null
    $sudo apt-get install -qq -y gcc-aarch64-linux-gnu qemu-user </dev/null
  } >"$work/apt" 2>&1 || true
fi
if ! isComplete >/dev/null; then
  echo "kernels on aarch64: skipped, since aarch64-linux-gnu-gcc and qemu-aarch64 cannot be installed"
  exit
fi

compile "$work/aarch64" -O2 --target=aarch64-linux-gnu -isystem /usr/aarch64-linux-gnu/include
aarch64-linux-gnu-gcc -static "$work"/aarch64/*.o -lm -o "$work/aarch64/driver"
echo "on aarch64:"
"$(emulator)" "$work/aarch64/driver"
