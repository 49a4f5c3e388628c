#!/usr/bin/env bash
# Builds and tests the core on a machine with a GPU, and runs the benchmark there: no Node, no NumPy, no network. Needs a
# PyTorch of 2.11 to 2.14 with CUDA in the Python named by PYTHON (python3), CMake 3.20 and a C++20 compiler.
#
#   scripts/gpu-check.sh [FILE.json] [bench options, such as --quick --case mlp]
#
# What only a GPU can tell comes first, as one may be lent for minutes only: captured steps are compared with uncaptured
# ones (build/gpu/Release/sparring_cuda_tests), and tests that fail run once more, each by itself. Then the figures, which
# go to FILE.json, gpu-check.json by default, those of each case as soon as it is measured; before them, to
# FILE-first.json, those of all cases in float32 without torch.compile, which takes minutes a case. Last come the tests
# that any machine can run. A second call goes on with what was built and measured. Where a command may take some minutes
# only, PARTS="tests", PARTS="bench" and PARTS="rest" do a part each, the last without a GPU and a CUDA PyTorch, too.
set -euo pipefail
cd "$(dirname "$0")/.."
python=${PYTHON:-python3}
json=gpu-check.json
if (($# > 0)) && [[ $1 != -* ]]; then
  json=$1
  shift
fi
wants() { [[ " ${PARTS:-tests bench rest} " == *" $1 "* ]]; }

cuda=ON
if wants tests || wants bench; then
  cuda=REQUIRED
  # Before minutes of building: a driver that is too old for this CUDA, say, shows no GPU.
  "$python" -c 'import torch; print("PyTorch", torch.__version__, "on", torch.cuda.get_device_name())'
fi
libtorch=$("$python" -c 'import pathlib, torch; print(pathlib.Path(torch.__file__).parent)')
generator=()
command -v ninja >/dev/null && generator=(-G Ninja)
cmake -S . -B build/gpu "${generator[@]}" -DSPARRING_LIBTORCH="$libtorch" -DSPARRING_ADDON=OFF -DSPARRING_TESTS=ON \
  -DSPARRING_BENCH=ON -DSPARRING_UNITY=ON -DSPARRING_CUDA=$cuda -DSPARRING_OUTPUT="$PWD/build/gpu/Release"
build() { cmake --build build/gpu --parallel "$(nproc)" --target "$@"; }

tests=build/gpu/Release/sparring_cuda_tests
# In the foreground: a group of its own would go on, and keep the GPU, where this script is ended.
run_tests() { timeout --foreground --kill-after 10 "$1" "$tests" --duration=true "${@:2}"; }
# What fails on a GPU may take it away from all that comes after in the same process. In four minutes at most: one that
# hangs may not be the only one.
run_each() {
  local count i end=$((SECONDS + 240))
  count=$("$tests" --count | grep -oE '[0-9]+$') || count=0
  for ((i = 1; i <= count && SECONDS < end; ++i)); do run_tests 60 --first="$i" --last="$i" || true; done
}
measure() { "$python" bench/gpu/run.py --contestant build/gpu/Release/sparring_core_bench --json "$@"; }

# A part that does not compile, fails or hangs must not keep the others back.
status=0
if wants tests; then
  build sparring_cuda_tests && { run_tests 300 || { status=$? && run_each; }; } || status=$?
fi
if wants bench; then
  # It opens native/cuda where that is there, and would measure steps that are not recorded.
  build sparring_cuda || status=$?
  build sparring_core_bench && {
    measure "${json%.json}-first.json" --no-compile --precision float32 --rounds 3 "$@" || status=$?
    measure "$json" "$@"
  } || status=$?
fi
if wants rest; then
  build sparring_core_tests && build/gpu/Release/sparring_core_tests || status=$?
fi
exit "$status"
