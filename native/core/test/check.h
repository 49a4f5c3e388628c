// doctest, after libtorch: both define CHECK and the like, and libtorch's would abort the process.
#pragma once

#include "core/torch.h"

#undef CHECK
#undef CHECK_EQ
#undef CHECK_GE
#undef CHECK_GT
#undef CHECK_LE
#undef CHECK_LT
#undef CHECK_NE
#include <doctest/doctest.h>
