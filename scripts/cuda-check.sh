#!/usr/bin/env bash
# Compiles and links native/cuda against a CUDA libtorch, on a machine without a GPU: what CI can know of it. The wheels
# are PyTorch's own and the headers that CUDA 13 ships apart; 0.9 GB, kept in the folder given (a temporary one by default).
#
#   scripts/cuda-check.sh [FOLDER]
set -euo pipefail
cd "$(dirname "$0")/.."
folder=${1:-$(mktemp -d)}
(($# > 0)) || trap 'rm -rf "$folder"' EXIT
mkdir -p "$folder/wheels" "$folder/packages"

if [[ ! -d $folder/packages/torch ]]; then
  python3 -m pip download --quiet --no-deps --dest "$folder/wheels" --python-version 311 --only-binary=:all: \
    torch==2.14.1 nvidia-cuda-runtime==13.0.96 nvidia-cuda-crt==13.0.88 nvidia-cuda-cccl==13.0.85 nvidia-cuda-nvrtc==13.0.88 nvidia-nccl-cu13==2.30.7
  for wheel in "$folder"/wheels/*.whl; do
    python3 -m zipfile --extract "$wheel" "$folder/packages"
    rm "$wheel"
  done
fi

tools=()
command -v ninja >/dev/null && tools+=(-G Ninja)
if command -v ccache >/dev/null; then
  tools+=(-DCMAKE_CXX_COMPILER_LAUNCHER=ccache)
  # As scripts/setup/native.mjs has them. The folder's own paths count as relative only below the checkout.
  export CCACHE_SLOPPINESS=pch_defines,time_macros CCACHE_BASEDIR=$PWD
fi
cmake -S . -B "$folder/build" "${tools[@]}" -DSPARRING_LIBTORCH="$folder/packages/torch" -DSPARRING_ADDON=OFF -DSPARRING_TESTS=ON -DSPARRING_UNITY=ON
cmake --build "$folder/build" --target sparring_cuda sparring_kernels_check
library="$folder/build/Release/libsparring_cuda.so"

# Linked to what only a CUDA libtorch has, found by the core by its one name, and with NCCL, whose header has to be there
# for it. From a file: a reader that stops early would end the one that writes.
readelf --dynamic --dyn-syms --wide --demangle "$library" > "$folder/symbols"
for needed in 'NEEDED.*libtorch_cuda.so' ' sparring_accelerator$' 'UND c10d::ProcessGroupNCCL::ProcessGroupNCCL('; do
  grep -q "$needed" "$folder/symbols" || {
    echo "Expected \"$needed\" among the symbols of $library but received none" >&2
    exit 1
  }
done

# Kernels are compiled where they run, which needs no GPU; NVRTC is found as sparring_cuda finds it.
"$folder/build/Release/sparring_kernels_check"

# What stands for the headers of CUDA's libraries has the names that libtorch 2.11 and 2.12 need of them, too.
echo 'const char* cusparseGetErrorString(cusparseStatus_t);' |
  "${CXX:-c++}" -fsyntax-only -include native/cuda/names/cusparse.h -x c++ -

# Its tests compile; to run they need a GPU (scripts/gpu-check.sh).
headers=(-Inative -isystem native/third_party -isystem "$folder/packages/torch/include"
  -isystem "$folder/packages/torch/include/torch/csrc/api/include")
printf '%s\0' native/cuda/test/{*_test,trainings}.cc |
  xargs --null --max-args=1 --max-procs="$(nproc)" "${CXX:-c++}" -std=c++20 -fsyntax-only "${headers[@]}"
echo "native/cuda, NCCL with it, compiles and links against libtorch 2.14.1 with CUDA 13.0; no GPU has run it here"
