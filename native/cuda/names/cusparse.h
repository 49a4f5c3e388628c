// libtorch's header of CUDA contexts, which that of NCCL includes, too, names the handles of
// libraries whose own headers are hundreds of megabytes of wheels. Nothing here uses one: the names
// are enough.
#pragma once

using cusparseHandle_t = struct cusparseContext*;
// Up to 2.12 libtorch declares cusparseGetErrorString() once more, which takes one.
enum cusparseStatus_t : int;
