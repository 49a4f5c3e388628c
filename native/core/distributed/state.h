// What all ranks have to have the same of: everything that training changes.
#pragma once

#include "core/distributed/group.h"
#include "core/io/snapshot.h"

namespace sparring {

// Gives every rank the snapshot of rank 0; the others' own may hold anything.
Snapshot broadcast_state(Group& group, const Snapshot& own);

// Throws ERR_RANK where a rank has other bits than rank 0, and names both it and the tensor.
// Running statistics of batch normalisation are left out unless they are `shared`: each rank keeps
// those of its own rows.
void check_equal(Group& group, const Snapshot& own, bool shared_statistics);

}  // namespace sparring
