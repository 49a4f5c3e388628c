// Further questions to a discriminator that has more than one head: which class, which codes? Each
// adds a term to the losses. One file a question.
#pragma once

#include <memory>

#include "core/nn/latent.h"
#include "core/options.h"
#include "core/torch.h"

namespace sparring {

// How wide the heads beside the score are; 0 where there is none.
struct Heads {
  int64_t classes = 0;
  int64_t codes = 0;
};

// What a discriminator said of a batch.
struct Answer {
  at::Tensor score;    // [N, 1], or [N, 1, height, width] where there are no other heads
  at::Tensor classes;  // logits, [N, classes]; undefined without that head
  at::Tensor codes;    // [N, codes]; undefined without that head
};

// Takes the output of a discriminator apart.
Answer to_answer(const at::Tensor& output, const Heads& heads);

class Auxiliary {
 public:
  virtual ~Auxiliary() = default;
  // `made` is what the fakes were made from.
  virtual at::Tensor generator_term(const Answer& fake, const LatentBatch& made) const = 0;
  virtual at::Tensor discriminator_term(const Answer& real, const at::Tensor& real_labels,
                                        const Answer& fake, const LatentBatch& made) const = 0;
};

// Throws ERR_NATIVE for a name that has no file.
std::unique_ptr<Auxiliary> make_auxiliary(const Choice& choice);

// One builder an auxiliary, defined in its file.
using AuxiliaryBuilder = std::unique_ptr<Auxiliary> (*)(const Options&);
std::unique_ptr<Auxiliary> make_acgan(const Options&);
std::unique_ptr<Auxiliary> make_infogan(const Options&);

}  // namespace sparring
