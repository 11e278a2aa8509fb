// Memory that grows and stays, from a cache line's beginning on: what an instruction reads lies in one line then.

#pragma once

#include <cstddef>
#include <cstdlib>
#include <new>

template <class T> class Buffer {
  public:
    Buffer() = default;
    Buffer(const Buffer &) = delete;
    Buffer &operator=(const Buffer &) = delete;
    ~Buffer() { std::free(first_); }

    // Room for n; what it held is lost where it grows. Throws std::bad_alloc.
    void grow(size_t n) {
        if (n <= size_) return;
        std::free(first_);
        first_ = nullptr, size_ = 0;
        const size_t bytes = (n * sizeof(T) + LINE_BYTES - 1) / LINE_BYTES * LINE_BYTES;
        first_ = static_cast<T *>(std::aligned_alloc(LINE_BYTES, bytes));
        if (!first_) throw std::bad_alloc();
        size_ = n;
    }
    T *data() { return first_; }
    const T *data() const { return first_; }
    T &operator[](size_t n) { return first_[n]; }
    const T &operator[](size_t n) const { return first_[n]; }

  private:
    static constexpr size_t LINE_BYTES = 64;
    T *first_ = nullptr;
    size_t size_ = 0;
};
