// A contestant of the benchmark without Node, for machines that have none: reads a case, which
// Python wrote with torch.save(), then trains as many steps as each line of stdin asks for. Answers
// are lines of JSON.
#include <ATen/Parallel.h>
#include <torch/csrc/jit/serialization/pickle.h>

#include <chrono>
#include <fstream>
#include <iostream>

#include "bench/json.h"
#include "core/runtime/accelerator.h"
#include "core/runtime/cuda.h"
#include "core/runtime/memory.h"
#include "core/step/recipe.h"

using namespace sparring;

namespace {

c10::IValue get(const c10::IValue& dict, const std::string& key) {
  return dict.toGenericDict().at(key);
}

std::string text(const c10::IValue& dict, const std::string& key) {
  return get(dict, key).toStringRef();
}

double number(const c10::IValue& dict, const std::string& key) {
  return get(dict, key).toScalar().toDouble();
}

int64_t whole(const c10::IValue& dict, const std::string& key) {
  return static_cast<int64_t>(number(dict, key));
}

Option to_option(const c10::IValue& value) {
  if (value.isBool()) return value.toBool();
  if (value.isString()) return value.toStringRef();
  if (!value.isList()) return value.toScalar().toDouble();
  Shape shape;
  for (const c10::IValue& one : value.toListRef()) shape.push_back(one.toScalar().toLong());
  return shape;
}

Options to_options(const c10::IValue& dict) {
  Options options;
  for (const auto& entry : dict.toGenericDict()) {
    options.set(entry.key().toStringRef(), to_option(entry.value()));
  }
  return options;
}

std::vector<Layer> to_layers(const c10::IValue& list) {
  std::vector<Layer> layers;
  for (const c10::IValue& one : list.toListRef()) {
    layers.push_back({text(one, "type"), text(one, "name"), to_options(get(one, "options")),
                      to_layers(get(one, "layers"))});
  }
  return layers;
}

Choice to_choice(const c10::IValue& dict) {
  return {text(dict, "type"), to_options(get(dict, "options"))};
}

OptimizerChoice to_optimizer(const c10::IValue& dict) {
  return {to_choice(dict), to_choice(get(dict, "schedule")), number(dict, "clipGradNorm"),
          number(dict, "clipGradValue")};
}

// What lib/ hands to the addon (NativeTrainerOptions), as far as the cases have it.
Recipe to_recipe(const c10::IValue& options, Precision precision, bool fused) {
  Recipe recipe;
  recipe.generator_optimizer = to_optimizer(get(options, "generatorOptimizer"));
  recipe.discriminator_optimizer = to_optimizer(get(options, "discriminatorOptimizer"));
  recipe.objective = to_choice(get(options, "objective"));
  recipe.scores =
      text(options, "scores") == "probability" ? ScoreKind::kProbability : ScoreKind::kLogit;
  for (const c10::IValue& one : get(options, "penalties").toListRef()) {
    recipe.penalties.push_back(to_choice(one));
  }
  recipe.latent.noise = whole(get(options, "latent"), "noise");
  recipe.generator_first = text(options, "order") == "generatorFirst";
  recipe.shares_fakes = text(options, "fakes") == "same";
  recipe.discriminator_steps = whole(options, "discriminatorSteps");
  recipe.generator_steps = whole(options, "generatorSteps");
  recipe.precision = precision;
  recipe.fused = fused;
  return recipe;
}

at::Tensor read_images(const std::string& file, const Shape& image) {
  std::ifstream stream(file, std::ios::binary);
  const std::string bytes((std::istreambuf_iterator<char>(stream)), {});
  const int64_t size = c10::multiply_integers(image);
  const auto count = static_cast<int64_t>(bytes.size()) / size;
  const at::Tensor images = at::empty({count, image[0], image[1], image[2]}, at::kByte);
  std::copy_n(bytes.begin(), count * size, images.mutable_data_ptr<uint8_t>());
  return images;
}

std::unique_ptr<Trainer> prepare(const c10::IValue& given) {
  const at::Device device = parse_device(text(given, "device"));
  auto stream = std::make_shared<RandomStream>(whole(given, "seed"));
  const auto network = [&](const char* layers) {
    return std::make_shared<Network>(to_layers(get(given, layers)), device, at::kFloat, *stream);
  };
  Players players;
  players.generator = network("generatorLayers");
  players.discriminator = network("discriminatorLayers");
  players.stream = stream;
  const Recipe recipe = to_recipe(get(given, "options"), parse_precision(text(given, "precision")),
                                  text(given, "execution") == "fused");
  auto trainer = build_trainer(recipe, players);
  const Shape image = std::get<Shape>(to_option(get(given, "image")));
  const int64_t batch = whole(given, "batch");
  at::Tensor images = read_images(text(given, "images"), image);
  // Whole batches only, as on the other side.
  images = images.narrow(0, 0, images.size(0) / batch * batch);
  trainer->use(std::make_shared<Dataset>(images, device), batch);
  return trainer;
}

// Why our own kernels are not there; empty where they are, or are not for this device.
std::string kernels_off(const at::Device& device) {
  if (device.is_cpu()) return "";
  return accelerator() == nullptr ? accelerator_off() : accelerator()->kernels_off(device);
}

// What could have been done with the step as a whole, and why it was not.
std::string refusals_of(const Explanation& told) {
  std::string text;
  for (const auto& [rewrite, reason] : told.refusals) {
    if (reason.empty()) continue;
    text += (text.empty() ? "" : ", ") + json_text(rewrite) + ": " + json_text(reason);
  }
  return "{" + text + "}";
}

void train(Trainer& trainer, int64_t steps) {
  const auto start = std::chrono::steady_clock::now();
  for (int64_t i = 0; i < steps; ++i) trainer.step();
  const Report report = trainer.report();  // waits for the device
  const std::chrono::duration<double> taken = std::chrono::steady_clock::now() - start;
  const Explanation told = trainer.explain();
  std::cout << R"({"seconds": )" << taken.count() << R"(, "kind": )" << json_text(told.kind)
            << R"(, "refusals": )" << refusals_of(told) << R"(, "losses": {"discriminator": )"
            << json_number(report.discriminator_loss) << R"(, "generator": )"
            << json_number(report.generator_loss) << "}}" << std::endl;
}

}  // namespace

int main(int count, char** arguments) {
  if (count != 2) {
    std::cerr << "Expected the file of a case but received " << count - 1 << " arguments\n";
    return 2;
  }
  keep_memory();
  load_cuda();
  std::ifstream stream(arguments[1], std::ios::binary);
  const std::vector<char> bytes((std::istreambuf_iterator<char>(stream)), {});
  const c10::IValue given = torch::jit::pickle_load(bytes);
  at::set_num_threads(static_cast<int>(whole(given, "threads")));
  const auto trainer = prepare(given);
  std::cout << R"({"ready": true, "kernelsOff": )"
            << json_text(kernels_off(parse_device(text(given, "device")))) << "}" << std::endl;
  for (std::string line; std::getline(std::cin, line);) train(*trainer, std::stoll(line));
  return 0;
}
