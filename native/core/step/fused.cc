#include "core/step/execution.h"

namespace sparring {
std::unique_ptr<Execution> make_fused(Pair&) { return make_eager(); }
}  // namespace sparring
