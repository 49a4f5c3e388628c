// See cusparse.h.
#pragma once

enum cusolverStatus_t : int;
