#include "embedding/embedding_index.hpp"

#include "binding.hpp"

namespace binding {
namespace {

using takeback::EmbeddingIndex;

constexpr const char* wrong_keys = "keys must be contiguous uint64 [n]";

void add(EmbeddingIndex& self, const Array& keys, const Array& values) {
    const auto* key = packed<std::uint64_t>(keys, 0, wrong_keys);
    const auto* value =
        packed<std::int8_t>(values, takeback::embedding_values, "values must be contiguous int8 [n, 512]");
    if (keys.shape(0) != values.shape(0)) {
        throw nb::value_error("keys and values must be of equal length");
    }
    const nb::gil_scoped_release release;
    self.add(key, value, keys.shape(0));
}

void remove(EmbeddingIndex& self, const Array& keys) {
    const auto* key = packed<std::uint64_t>(keys, 0, wrong_keys);
    const nb::gil_scoped_release release;
    self.remove(key, keys.shape(0));
}

auto contains(const EmbeddingIndex& self, const Array& keys) {
    const auto* key = packed<std::uint64_t>(keys, 0, wrong_keys);
    std::vector<std::uint8_t> found(keys.shape(0));
    {
        const nb::gil_scoped_release release;
        self.contains(key, found.size(), found.data());
    }
    return as_array(std::move(found));
}

nb::tuple search(const EmbeddingIndex& self, const Array& queries, float at_least) {
    const auto* query =
        packed<std::int8_t>(queries, takeback::embedding_values, "queries must be contiguous int8 [q, 512]");
    if (!(at_least >= -1.0F && at_least <= 1.0F)) {
        throw nb::value_error("at_least must lie between -1 and 1");
    }
    takeback::SimilarNeighbors found;
    {
        const nb::gil_scoped_release release;
        found = self.search(query, queries.shape(0), at_least);
    }
    return nb::make_tuple(as_array(std::move(found.query)), as_array(std::move(found.key)),
                          as_array(std::move(found.similarity)));
}

}  // namespace

void add_embedding(nb::module_& module) {
    nb::class_<EmbeddingIndex>(module, "EmbeddingIndex")
        .def(nb::init<unsigned>(), nb::arg("threads") = 0)
        .def("add", &add, nb::arg("keys").noconvert(), nb::arg("values").noconvert())
        .def("remove", &remove, nb::arg("keys").noconvert())
        .def("contains", &contains, nb::arg("keys").noconvert())
        .def("search", &search, nb::arg("queries").noconvert(), nb::arg("at_least"))
        .def_prop_ro("size", &EmbeddingIndex::size)
        .def_prop_ro("nbytes", &EmbeddingIndex::nbytes);
}

}  // namespace binding
