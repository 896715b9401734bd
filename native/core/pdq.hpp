#pragma once

namespace takeback {
int bits_per_code();
}
