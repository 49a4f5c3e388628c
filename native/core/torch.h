// The parts of libtorch that the core is written against; precompiled once (cold it costs 20 s a
// file).
#pragma once

#include <ATen/ATen.h>
#include <ATen/TensorIndexing.h>
#include <torch/csrc/autograd/autograd.h>
#include <torch/csrc/autograd/grad_mode.h>
#include <torch/nn/module.h>
