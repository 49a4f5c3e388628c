// The wheels of libtorch have c10d's header of its Gloo backend, but none of Gloo's that it
// includes. It needs no more than the names of them: here they are. We only ever hold pointers to
// these, and never make a c10d::ProcessGroupGloo::GlooStore, whose table of functions would be laid
// out by them.
#pragma once
