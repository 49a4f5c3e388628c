#include "core/step/dense/tanh.h"

#include "core/wide.h"

namespace sparring::dense {

// In one function: another would not be inlined into the clones. Both polynomials are fits of ours
// (weighted least squares, iterated towards equal errors).
SPARRING_WIDE void tanh_in_place(float* values, int64_t count) {
  for (int64_t i = 0; i < count; ++i) {
    const float x = values[i];
    const float size = __builtin_fabsf(x);

    // Up to 0.625: x + x^3 P(x^2), to 1e-8 of it.
    const float s = x * x;
    float p = -0.00571703655f;
    p = p * s + 0.020650579f;
    p = p * s - 0.0537434953f;
    p = p * s + 0.133314912f;
    p = p * s - 0.333332839f;
    const float near_zero = x + x * s * p;

    // From there: 1 - 2 / (exp(y) + 1) with y = 2|x| up to 40, where it is 1 long since;
    // exp(y) = 2^n exp(r), |r| <= log(2) / 2, exp(r) = 1 + r + r^2 Q(r).
    const float twice = 2 * size;
    const float y = twice < 40.0f ? twice : 40.0f;
    const int32_t n = static_cast<int32_t>(y * 1.44269504f + 0.5f);
    const float whole = static_cast<float>(n);
    const float r = (y - whole * 0.693359375f) + whole * 2.12194440e-4f;  // log(2) in two parts
    float q = 0.00139504768f;
    q = q * r + 0.00836888243f;
    q = q * r + 0.041666206f;
    q = q * r + 0.166665189f;
    q = q * r + 0.50000001f;
    const float power = __builtin_bit_cast(float, (n + 127) << 23);
    const float exponential = (1 + (r + r * r * q)) * power;
    const float far = __builtin_copysignf(1 - 2 / (exponential + 1), x);

    // By masks, which no compiler turns into a branch; NaN is not far.
    const int32_t is_far = -static_cast<int32_t>(size >= 0.625f);
    const int32_t chosen = (__builtin_bit_cast(int32_t, far) & is_far) |
                           (__builtin_bit_cast(int32_t, near_zero) & ~is_far);
    values[i] = __builtin_bit_cast(float, chosen);
  }
}

}  // namespace sparring::dense
