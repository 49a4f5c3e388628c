// Answers for a rank that is busy while others ask who is still there: it may come to a sum, and
// hear of it, minutes later.
#pragma once

#include <memory>
#include <optional>

#include "core/distributed/apart.h"
#include "core/distributed/roll.h"

namespace sparring::distributed {

class Attendant {
 public:
  // Looks, by a thread of its own, whether the roll is called. Throws ERR_MEMORY where there is
  // none.
  Attendant(const c10::intrusive_ptr<c10d::Store>& store, const GroupOptions& options,
            bool keeps_store);
  // From here on the rank is not there any more, as far as it does not say so itself.
  ~Attendant();
  Attendant(const Attendant&) = delete;
  Attendant& operator=(const Attendant&) = delete;

  // What came of a roll call, once it is over; nothing as long as there was none.
  std::optional<Roll> roll();

 private:
  struct Signal;
  std::shared_ptr<Signal> signal_;
  Apart<std::optional<Roll>> work_;
  std::optional<Roll> roll_;
};

}  // namespace sparring::distributed
