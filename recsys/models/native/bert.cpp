// BERT's forward pass (Devlin et al. 2019) for texts that lie end to end: no text is padded.
//
// The threads of a team share out columns of products, heads of texts, and tokens, and wait for each other in between.
// No sum depends on how: a text's states are the same bits alone, in any batch, and by any number of threads. A process
// that was forked after a team of several had worked cannot have one (OpenMP's threads are not copied).

#include <omp.h>

#include "attention.hpp"
#include "int8.hpp"
#include "layer_norm.hpp"
#ifdef __AVX512BF16__
#include "bf16.hpp"
#endif

template <class Weights> struct Layer {
    Weights queries_keys_values, attended, expanded, contracted;
    Norm attended_norm, contracted_norm;
};

template <class Weights> struct Model {
    int32_t layers, hidden, heads, vocabulary, positions;
    float norm_eps;
    const float *word, *position; // [vocabulary][hidden], [positions][hidden]
    Norm embedded_norm;
    const Layer<Weights> *layer;
};

enum Fault : int32_t { NONE = 0, UNKNOWN_ID = 1, TOO_LONG = 2, BAD_STARTS = 3, NO_MEMORY = 4 };

namespace {

struct Texts {
    const int32_t *ids;
    const int64_t *starts; // [count + 1]
    int count;
    int64_t ids_count;

    int tokens() const { return int(starts[count]); }
    int length(int text) const { return int(starts[text + 1] - starts[text]); }
};

// The activations of one batch: one of each caller's thread, which is kept, as memory is slow to come by.
template <class Weights> struct Activations {
    Buffer<float> split, mixed, wide;
    typename Weights::Activations of_inputs, of_mixed, of_attended, of_wide; // what the four products of a layer take

    void shape(const Model<Weights> &model, int tokens) {
        const Layer<Weights> &any = *model.layer;
        split.grow(size_t(tokens) * any.queries_keys_values.outputs);
        mixed.grow(size_t(tokens) * model.hidden), wide.grow(size_t(tokens) * any.expanded.outputs);
        of_inputs.shape(tokens, any.queries_keys_values), of_mixed.shape(tokens, any.attended);
        of_attended.shape(tokens, any.expanded), of_wide.shape(tokens, any.contracted);
    }
};

template <class Weights> Fault fault_of(const Model<Weights> &model, const Texts &texts) {
    if (texts.starts[0] != 0 || texts.starts[texts.count] != texts.ids_count) return BAD_STARTS;
    for (int text = 0; text < texts.count; ++text) {
        if (texts.starts[text + 1] < texts.starts[text]) return BAD_STARTS;
        if (texts.length(text) > model.positions) return TOO_LONG;
    }
    for (int token = 0; token < texts.tokens(); ++token)
        if (texts.ids[token] < 0 || texts.ids[token] >= model.vocabulary) return UNKNOWN_ID;
    return NONE;
}

// states: the rows of the share's tokens before the first layer.
template <class Weights> void embed(const Model<Weights> &model, const Texts &texts, Share share, float *states) {
    const int hidden = model.hidden;
    int text = 0;
    for (int token = share.first(texts.tokens()); token < share.end(texts.tokens()); ++token) {
        while (token >= texts.starts[text + 1]) ++text;
        const float *word = model.word + size_t(texts.ids[token]) * hidden;
        const float *position = model.position + size_t(token - texts.starts[text]) * hidden;
        float *x = states + size_t(token) * hidden;
        for (int k = 0; k < hidden; k += LANES)
            _mm512_storeu_ps(x + k, _mm512_add_ps(_mm512_loadu_ps(word + k), _mm512_loadu_ps(position + k)));
        normalise(x, hidden, model.embedded_norm, model.norm_eps);
    }
}

template <class Weights>
void attend(const Model<Weights> &model, const Texts &texts, Share share, const float *split, float *mixed) {
    static thread_local Attention attention;
    const int hidden = model.hidden, heads = model.heads, size = hidden / heads;
    for (int task = share.first(texts.count * heads); task < share.end(texts.count * heads); ++task) {
        const int text = task / heads, column = task % heads * size;
        const size_t first = texts.starts[text];
        attention(split + first * 3 * hidden + column, 3 * hidden, hidden, size, texts.length(text),
                  mixed + first * hidden + column);
    }
}

template <class Rounded> void round_rows(const float *x, Rounded &rounded, Share share) {
    for (int r = share.first(rounded.rows); r < share.end(rounded.rows); ++r)
        rounded.write(x + size_t(r) * rounded.inputs, r);
}

void normalise_rows(float *x, int rows, int width, const Norm &norm, float eps, Share share) {
    for (int r = share.first(rows); r < share.end(rows); ++r) normalise(x + size_t(r) * width, width, norm, eps);
}

// One thread's part of the whole pass. together(): waits for the team.
template <class Weights, class Together>
void run(const Model<Weights> &model, const Texts &texts, Share share, Activations<Weights> &a, float *states,
         Together together) {
    const BlockRegisters registers;
    const int hidden = model.hidden, tokens = texts.tokens();
    const auto to = [](float *x, int width) {
        return [=](int r, int column, __m512 values) { _mm512_storeu_ps(x + size_t(r) * width + column, values); };
    };
    const auto onto_states = [=](int r, int column, __m512 values) {
        float *x = states + size_t(r) * hidden + column;
        _mm512_storeu_ps(x, _mm512_add_ps(values, _mm512_loadu_ps(x)));
    };
    const auto multiply_by = [&](const auto &rounded, const Weights &weights, auto finish) {
        together();
        product(rounded, weights, share, finish);
        together();
    };
    embed(model, texts, share, states);
    for (const Layer<Weights> *layer = model.layer; layer < model.layer + model.layers; ++layer) {
        round_rows(states, a.of_inputs, share);
        multiply_by(a.of_inputs, layer->queries_keys_values, to(a.split.data(), 3 * hidden));
        attend(model, texts, share, a.split.data(), a.mixed.data());
        together();
        round_rows(a.mixed.data(), a.of_mixed, share);
        multiply_by(a.of_mixed, layer->attended, onto_states);
        normalise_rows(states, tokens, hidden, layer->attended_norm, model.norm_eps, share);
        round_rows(states, a.of_attended, share);
        const auto wide = to(a.wide.data(), layer->expanded.outputs);
        multiply_by(a.of_attended, layer->expanded,
                    [=](int r, int column, __m512 values) { wide(r, column, gelu(values)); });
        round_rows(a.wide.data(), a.of_wide, share);
        multiply_by(a.of_wide, layer->contracted, onto_states);
        normalise_rows(states, tokens, hidden, layer->contracted_norm, model.norm_eps, share);
    }
}

// By a team of as many threads.
template <class Weights> Fault forward(const Model<Weights> &model, const Texts &texts, int threads, float *states) {
    static thread_local Activations<Weights> activations;
    const Fault fault = fault_of(model, texts);
    if (fault != NONE || texts.tokens() == 0) return fault;
    Activations<Weights> &own = activations; // of the caller, not of each thread of its team
    try {
        own.shape(model, texts.tokens());
    } catch (const std::bad_alloc &) {
        return NO_MEMORY;
    }
    if (threads == 1) {
        run(model, texts, Share{0, 1}, own, states, [] {});
        return NONE;
    }
#pragma omp parallel num_threads(threads)
    {
        const Share share{omp_get_thread_num(), omp_get_num_threads()};
        run(model, texts, share, own, states, [] {
#pragma omp barrier
        });
    }
    return NONE;
}

} // namespace

extern "C" {

// Whether this process may use what the library is compiled for.
int32_t may_run() { return may_use_blocks(); }

// Bytes of what the caller describes its model by: both sides must mean the same.
int32_t int8_model_bytes() { return sizeof(Model<Int8Weights>) + sizeof(Layer<Int8Weights>); }

// states: [ids_count][hidden], written by as many threads. starts: [count + 1], of each text, and the end of the last.
int32_t forward_int8(const Model<Int8Weights> *model, const int32_t *ids, const int64_t *starts, int32_t count,
                     int64_t ids_count, int32_t threads, float *states) {
    return forward(*model, Texts{ids, starts, count, ids_count}, threads, states);
}

#ifdef __AVX512BF16__
int32_t bf16_model_bytes() { return sizeof(Model<Bf16Weights>) + sizeof(Layer<Bf16Weights>); }

int32_t forward_bf16(const Model<Bf16Weights> *model, const int32_t *ids, const int64_t *starts, int32_t count,
                     int64_t ids_count, int32_t threads, float *states) {
    return forward(*model, Texts{ids, starts, count, ids_count}, threads, states);
}
#endif
}
