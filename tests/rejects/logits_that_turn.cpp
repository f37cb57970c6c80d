// expect: gsteer: the scores of classes are invariant
#include "gsteer/gsteer.hpp"
using namespace gsteer;
#ifdef GSTEER_REJECT
constexpr auto scores = 2 * regular<C<4>>;
#else
constexpr auto scores = 10 * trivial<C<4>>;
#endif
double loss(const PointField<scores>& logits, const std::vector<int>& labels) {
  return cross_entropy(logits, labels).value;
}
