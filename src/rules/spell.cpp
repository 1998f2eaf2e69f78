#include <fmt/format.h>

#include <cstdint>
#include <string>
#include <string_view>

#include "rules/check.h"
#include "rules/explain.h"
#include "yaml/values.h"

namespace bank::rules {
namespace {

/// Of the operators, loosest first; as the parser has them.
int precedence(Op op) {
  switch (op) {
    case Op::logical_or: return 1;
    case Op::logical_and: return 2;
    case Op::logical_not: return 3;
    case Op::equal:
    case Op::not_equal:
    case Op::less:
    case Op::less_equal:
    case Op::greater:
    case Op::greater_equal:
    case Op::is_null:
    case Op::is_not_null:
    case Op::contains:
    case Op::starts_with:
    case Op::ends_with:
    case Op::in_list: return 4;
    case Op::add:
    case Op::subtract: return 5;
    case Op::multiply:
    case Op::divide: return 6;
    case Op::negate: return 7;
    default: return 8;
  }
}

void append_quoted(std::string& out, std::string_view text) {
  out += '"';
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (c == '\n') {
      out += "\\n";
    } else if (c == '\t') {
      out += "\\t";
    } else if (byte < 0x20) {
      out += fmt::format("\\u{:04x}", byte);
    } else {
      out += c;
    }
  }
  out += '"';
}

/// Keeps the decimals that the literal was written with: they are part of its type.
void append_number(std::string& out, const Expr& expr) {
  Int128 rest = expr.number < 0 ? -expr.number : expr.number;
  std::string digits;
  for (int i = 0; i <= expr.type.scale || rest != 0; ++i) {
    if (i == expr.type.scale && i > 0) digits.insert(digits.begin(), '.');
    digits.insert(digits.begin(), static_cast<char>('0' + static_cast<int>(rest % 10)));
    rest /= 10;
  }
  if (expr.number < 0) out += '-';
  out += digits;
}

class Speller {
 public:
  std::string take() { return std::move(out_); }

  /// In parentheses where it binds looser than `least`.
  void put(const Expr& expr, int least) {
    const bool wrapped = precedence(expr.op) < least;
    if (wrapped) out_ += '(';
    put(expr);
    if (wrapped) out_ += ')';
  }

 private:
  void put(const Expr& expr) {
    switch (expr.op) {
      case Op::boolean_literal: out_ += expr.number != 0 ? "true" : "false"; return;
      case Op::number_literal: append_number(out_, expr); return;
      case Op::text_literal: append_quoted(out_, expr.text); return;
      case Op::null_literal: out_ += "null"; return;
      case Op::since_last: out_ += "since_last"; return;
      case Op::field: put_field(expr); return;
      case Op::aggregate: put_aggregate(expr); return;
      case Op::logical_not:
        out_ += "not ";
        put(*expr.args[0], precedence(expr.op));
        return;
      case Op::negate:
        out_ += '-';
        put(*expr.args[0], precedence(expr.op));
        return;
      case Op::is_null:
      case Op::is_not_null:
        put(*expr.args[0], precedence(expr.op) + 1);
        out_ += fmt::format(" {} null", spelling(expr.op));
        return;
      case Op::in_list: put_membership(expr); return;
      default: put_binary(expr); return;
    }
  }

  void put_binary(const Expr& expr) {
    const int own = precedence(expr.op);
    const bool comparison = own == precedence(Op::equal);
    put(*expr.args[0], comparison ? own + 1 : own);
    out_ += fmt::format(" {} ", spelling(expr.op));
    put(*expr.args[1], own + 1);
  }

  void put_membership(const Expr& expr) {
    put(*expr.args[0], precedence(expr.op) + 1);
    out_ += " in [";
    for (std::size_t i = 1; i < expr.args.size(); ++i) {
      if (i > 1) out_ += ", ";
      put(*expr.args[i]);
    }
    out_ += ']';
  }

  void put_field(const Expr& expr) {
    if (expr.scope == Scope::last) out_ += "last.";
    if (expr.scope == Scope::current && inside_) out_ += "this.";
    out_ += field_name(expr.field);
  }

  void put_aggregate(const Expr& expr) {
    if (expr.prior) out_ += "prior.";
    out_ += function_name(expr.function);
    out_ += '(';
    inside_ = true;
    if (expr.operand) {
      put(*expr.operand);
      out_ += ", ";
    }
    yaml::append_duration(out_, expr.window_us);
    if (expr.condition) {
      out_ += ", ";
      put(*expr.condition);
    }
    inside_ = false;
    out_ += ')';
  }

  std::string out_;
  bool inside_ = false;  // an aggregate's parentheses
};

}  // namespace

std::string spell(const Expr& expr) {
  Speller speller;
  speller.put(expr, 0);
  return speller.take();
}

}  // namespace bank::rules
