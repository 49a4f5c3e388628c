// What is looked at in one step of a tick, to see how the two players are doing. Looking changes no
// number and draws none.
#pragma once

#include <optional>

#include "core/distributed/sharing.h"
#include "core/nn/network.h"
#include "core/objectives/objective.h"

namespace sparring {

// Taken down by a step while it runs, on the device; of the last update of each player.
struct Watch {
  // An update of the discriminator begins: what is told of the one before goes.
  void begin();
  // Adds scores of the batch, or of one part of it after the other.
  void add_scores(const at::Tensor& real, const at::Tensor& fake);
  void add_images(const at::Tensor& real, const at::Tensor& fake);

  at::Tensor real_scores, fake_scores;  // as the objective has them
  at::Tensor reals, fakes;              // [N, ...], the first of the batch
  // Mean distances of two of these, 0-dim, where another rank has them; else undefined.
  at::Tensor real_spread, fake_spread;
  at::Tensor generator_gradient, discriminator_gradient;  // norms over all parameters, 0-dim
};

// What was looked at by each rank, as one would have it of the whole batch; gradients are that
// already. All ranks have to ask, after the same step. Throws ERR_RANK where one is lost.
Watch of_all(const Watch& own, Sharing& sharing);

struct Health {
  // Shares of reals, or of their patches, that were scored above, and of fakes below, the middle
  // between the mean scores of the two: 1 and 1 where the discriminator tells them apart, about a
  // half where it guesses. Of energies, reals below and fakes above.
  double real_accuracy, fake_accuracy;
  // The mean scores: probabilities or logits, as the discriminator has them.
  double real_score, fake_score;
  double generator_gradient, discriminator_gradient;
  // Mean distance of two fakes to that of two reals: near 0 where all samples are the same; none
  // where all reals are.
  std::optional<double> diversity;
  // How far the game is from its end, and the weight that keeps its balance; none where the
  // objective keeps none.
  std::optional<double> convergence, balance;
  bool finite;  // the weights of both
  // With which each change of augmentation is made, after the step; none where it does not adapt
  // itself.
  std::optional<double> augment_probability = {};
  // That the penalty on path lengths compares lengths with, after the step; none without it.
  std::optional<double> mean_path_length = {};
};

Health health_of(const Watch& watch, const Objective& objective, const Network& generator,
                 const Network& discriminator);

}  // namespace sparring
