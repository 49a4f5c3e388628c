#include "core/objectives/auxiliaries/auxiliary.h"

#include "core/table.h"

namespace sparring {

Answer to_answer(const at::Tensor& output, const Heads& heads) {
  if (heads.classes == 0 && heads.codes == 0) return {output, {}, {}};
  Answer answer{output.narrow(1, 0, 1), {}, {}};
  if (heads.classes > 0) answer.classes = output.narrow(1, 1, heads.classes);
  if (heads.codes > 0) answer.codes = output.narrow(1, 1 + heads.classes, heads.codes);
  return answer;
}

// The table of auxiliaries: a new one costs its file and a row here.
std::unique_ptr<Auxiliary> make_auxiliary(const Choice& choice) {
  static const std::map<std::string, AuxiliaryBuilder> table = {{"acgan", make_acgan},
                                                                {"infogan", make_infogan}};
  return row(table, choice.type, "auxiliary")(choice.options);
}

}  // namespace sparring
