#!/usr/bin/env bash
# Builds and tests the core on a machine with a GPU, and runs the benchmark there: no Node, no NumPy, no network. Needs a
# PyTorch of 2.11 to 2.14 with CUDA in the Python named by PYTHON (python3), CMake 3.20 and a C++20 compiler.
#
#   scripts/gpu-check.sh [FILE.json] [bench options, such as --quick --case mlp]
#
# What only a GPU can tell comes first, as one may be lent for minutes only: captured steps are compared with uncaptured
# ones (build/gpu/Release/sparring_cuda_tests); the figures go to FILE.json, gpu-check.json by default, those of each case
# as soon as it is measured; last come the tests that any machine can run. A second call goes on with what was built.
set -euo pipefail
cd "$(dirname "$0")/.."
python=${PYTHON:-python3}
json=gpu-check.json
if (($# > 0)) && [[ $1 != -* ]]; then
  json=$1
  shift
fi

libtorch=$("$python" -c 'import pathlib, torch; print(pathlib.Path(torch.__file__).parent)')
generator=()
command -v ninja >/dev/null && generator=(-G Ninja)
cmake -S . -B build/gpu "${generator[@]}" -DSPARRING_LIBTORCH="$libtorch" -DSPARRING_ADDON=OFF -DSPARRING_TESTS=ON \
  -DSPARRING_BENCH=ON -DSPARRING_UNITY=ON -DSPARRING_CUDA=REQUIRED -DSPARRING_OUTPUT="$PWD/build/gpu/Release"
build() { cmake --build build/gpu --parallel "$(nproc)" --target "$@"; }

# A part that does not compile, fails or hangs must not keep the others back.
tests=build/gpu/Release/sparring_cuda_tests
run_tests() { timeout --kill-after 10 "$1" "$tests" --duration=true "${@:2}"; }
status=0
failed=0
if build sparring_cuda_tests; then run_tests 300 || failed=$?; else status=$?; fi
((failed == 0)) || status=$failed
build sparring_core_bench &&
  "$python" bench/gpu/run.py --contestant build/gpu/Release/sparring_core_bench --json "$json" "$@" || status=$?
# What fails on a GPU may take it away from all that comes after in the same process: so each by itself.
if ((failed != 0)); then
  count=$("$tests" --count | grep -oE '[0-9]+$') || count=0
  for ((i = 1; i <= count; ++i)); do run_tests 60 --first="$i" --last="$i" || true; done
fi
build sparring_core_tests && build/gpu/Release/sparring_core_tests || status=$?
exit "$status"
