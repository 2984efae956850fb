// SPDX-License-Identifier: Apache-2.0
#include "check/linear/lists.h"

#include <algorithm>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "base/json_cursor.h"
#include "check/linear/words.h"

namespace check::linear {

namespace {

using history::Function;
using history::Operation;
using history::Outcome;

using ElementId = std::uint32_t;

// The elements that a read shows; false if that is no list of texts.
bool read_elements(const history::Value& found, std::vector<std::string>& elements) {
  elements.clear();
  if (!found) return true;
  base::JsonCursor cursor(*found);
  cursor.enter_array();
  while (cursor.next_element()) cursor.string(elements.emplace_back());
  return cursor.finish().ok();
}

// What stands in the list, or may: an element, who appended it, and where it is.
struct Element {
  Position appended_by = kNobody;
  std::size_t place = 0;        // In the longest list, from 1; 0: nobody read it.
  Position shown_by = kNobody;  // The last read that was looked at and has it.
};

struct Ranked {
  Position operation = kNobody;
  std::size_t rank = 0;
};

struct Reading {
  Position operation = kNobody;
  std::size_t length = 0;
};

class ListJudge {
 public:
  explicit ListJudge(const KeyHistory& key) : key_(key) {}

  ListOpinion judge();

 private:
  const Operation& at(Position position) const { return key_.all[position]; }
  const Operation& appended(ElementId id) const { return at(elements_[id].appended_by); }

  bool sort_in();
  std::optional<Violation> follow_reads();
  std::optional<Violation> take(const Reading& reading, const std::vector<ElementId>& ids);
  std::optional<Violation> number(Position read, const std::vector<std::string>& texts,
                                  std::vector<ElementId>& ids);
  Violation unwritten(Position read, const std::string& text) const;
  Violation forked(Position read, const std::vector<ElementId>& ids, std::size_t place) const;

  std::vector<Ranked> ranked() const;
  std::optional<Violation> find_disorder() const;
  Violation prove(const Ranked& late, const Ranked& early) const;
  Violation prove_read(Position late, std::size_t length, const Ranked& early) const;
  Violation prove_append(Position late, std::size_t rank, const Ranked& early) const;
  Position first_reader_of(std::size_t place) const;
  Violation violation(std::string sentence, std::vector<Position> proof) const;

  std::string shows(Position read, std::size_t length) const { return read_of(at(read), length); }
  std::string text_of(ElementId id) const { return quoted(appended(id).written); }

  const KeyHistory& key_;
  std::vector<Position> reads_;  // In the order of their calls.
  std::vector<Element> elements_;
  std::unordered_map<std::string_view, ElementId> ids_;  // Looked up only.
  std::vector<ElementId> longest_;
  std::vector<Reading> seen_;  // The reads so far; each shows a beginning of the longest.
  Position longest_read_ = kNobody;
};

bool earlier(const Operation& left, const Operation& right) {
  return std::pair(call_of(left), left.invoked_at) < std::pair(call_of(right), right.invoked_at);
}

ListOpinion ListJudge::judge() {
  if (!sort_in()) return {};
  // What a read shows that cannot be ends the row of those that can be put in order.
  std::optional<Violation> absurd = follow_reads();
  std::optional<Violation> disorder = find_disorder();
  const bool sooner = disorder && (!absurd || disorder->known_at <= absurd->known_at);
  return {true, sooner ? std::move(disorder) : std::move(absurd)};
}

// False: an element was appended twice.
bool ListJudge::sort_in() {
  for (const Position position : key_.members) {
    const Operation& operation = at(position);
    if (operation.function == Function::Read) {
      reads_.push_back(position);
      continue;
    }
    if (operation.outcome == Outcome::Fail) continue;
    const std::string_view text = operation.written ? *operation.written : std::string_view();
    const auto id = static_cast<ElementId>(elements_.size());
    if (!ids_.emplace(text, id).second) return false;
    elements_.push_back({.appended_by = position});
  }
  std::sort(reads_.begin(), reads_.end(),
            [this](Position left, Position right) { return earlier(at(left), at(right)); });
  return true;
}

std::optional<Violation> ListJudge::follow_reads() {
  std::vector<std::string> texts;
  std::vector<ElementId> ids;
  for (const Position read : reads_) {
    if (!read_elements(at(read).found, texts)) {
      return violation(did(at(read)) + ", which is no list", {read});
    }
    if (auto wrong = number(read, texts, ids)) return wrong;
    if (auto wrong = take({read, ids.size()}, ids)) return wrong;
  }
  return std::nullopt;
}

// The elements by their numbers.
std::optional<Violation> ListJudge::number(Position read, const std::vector<std::string>& texts,
                                           std::vector<ElementId>& ids) {
  ids.clear();
  for (const std::string& text : texts) {
    const auto found = ids_.find(text);
    if (found == ids_.end()) return unwritten(read, text);
    const ElementId id = found->second;
    if (std::exchange(elements_[id].shown_by, read) == read) {
      return violation(shows(read, texts.size()) + ", among them " + quoted(text) +
                           " twice, although it was appended once: " + did(appended(id)),
                       {read, elements_[id].appended_by});
    }
    ids.push_back(id);
  }
  return std::nullopt;
}

Violation ListJudge::unwritten(Position read, const std::string& text) const {
  std::vector<std::string> texts;
  read_elements(at(read).found, texts);
  Violation result = violation(shows(read, texts.size()) + ", among them " + quoted(text), {read});
  for (const Operation& other : key_.all) {
    const bool offered = other.function == Function::Append && other.outcome == Outcome::Fail &&
                         other.key == at(read).key && other.written == text;
    if (!offered) continue;
    result.sentence += ", which only process " + std::to_string(other.process) +
                       " offered, by an append that failed (event " +
                       std::to_string(telling_event(other)) + ")";
    result.proof.push_back(static_cast<Position>(&other - key_.all.data()));
    return result;
  }
  result.sentence += ", which nobody ever appended";
  return result;
}

std::optional<Violation> ListJudge::take(const Reading& reading,
                                         const std::vector<ElementId>& ids) {
  const std::size_t common = std::min(ids.size(), longest_.size());
  for (std::size_t k = 0; k < common; ++k) {
    if (ids[k] != longest_[k]) return forked(reading.operation, ids, k);
  }
  seen_.push_back(reading);
  if (ids.size() <= longest_.size() && longest_read_ != kNobody) return std::nullopt;
  for (std::size_t k = common; k < ids.size(); ++k) elements_[ids[k]].place = k + 1;
  longest_ = ids;
  longest_read_ = reading.operation;
  return std::nullopt;
}

// The lists part at `place`.
Violation ListJudge::forked(Position read, const std::vector<ElementId>& ids,
                            std::size_t place) const {
  const ElementId before = longest_[place];
  std::string sentence = shows(read, ids.size());
  sentence += ", as number " + std::to_string(place + 1) + " " + text_of(ids[place]);
  sentence += ", where process " + std::to_string(at(longest_read_).process) + " read " +
              text_of(before) + " (event " + std::to_string(telling_event(at(longest_read_))) + ")";
  if (std::find(ids.begin(), ids.end(), before) != ids.end()) {
    return violation(sentence + ": two orders", {longest_read_, read});
  }
  sentence += "; " + text_of(before) + " is gone: " + did(appended(before));
  return violation(std::move(sentence), {longest_read_, read, elements_[before].appended_by});
}

std::vector<Ranked> ListJudge::ranked() const {
  std::vector<Ranked> row;
  row.reserve(seen_.size() + elements_.size());
  for (const Reading& reading : seen_) row.push_back({reading.operation, 2 * reading.length});
  for (const Element& element : elements_) {
    // One that nobody read comes behind all reads; of those that may never have been, none is
    // needed.
    if (element.place > 0) {
      row.push_back({element.appended_by, 2 * element.place - 1});
    } else if (at(element.appended_by).outcome == Outcome::Ok) {
      row.push_back({element.appended_by, 2 * longest_.size() + 1});
    }
  }
  return row;
}

// Goes through time: the first that was called when somebody of a higher rank had returned.
std::optional<Violation> ListJudge::find_disorder() const {
  std::vector<Ranked> calls = ranked();
  std::vector<Ranked> returns = calls;
  std::sort(calls.begin(), calls.end(), [this](const Ranked& left, const Ranked& right) {
    return earlier(at(left.operation), at(right.operation));
  });
  std::sort(returns.begin(), returns.end(), [this](const Ranked& left, const Ranked& right) {
    const auto key = [this](const Ranked& of) {
      return std::pair(return_of(at(of.operation)), at(of.operation).invoked_at);
    };
    return key(left) < key(right);
  });
  Ranked highest;
  std::size_t next = 0;
  for (const Ranked& called : calls) {
    const std::uint64_t call = call_of(at(called.operation));
    for (; next < returns.size() && return_of(at(returns[next].operation)) < call; ++next) {
      const bool higher = highest.operation == kNobody || returns[next].rank > highest.rank;
      if (higher) highest = returns[next];
    }
    if (highest.operation != kNobody && highest.rank > called.rank) return prove(called, highest);
  }
  return std::nullopt;
}

Violation ListJudge::prove(const Ranked& late, const Ranked& early) const {
  if (at(late.operation).function == Function::Read) {
    return prove_read(late.operation, late.rank / 2, early);
  }
  return prove_append(late.operation, late.rank, early);
}

// A read that lacks what was there before it began.
Violation ListJudge::prove_read(Position late, std::size_t length, const Ranked& early) const {
  const Operation& before = at(early.operation);
  std::string sentence = shows(late, length) + ", without ";
  if (before.function == Function::Read) {
    sentence += text_of(longest_[length]) + ", although process " + std::to_string(before.process) +
                " had read that before (event " + std::to_string(telling_event(before)) + ")";
  } else {
    sentence += quoted(before.written) + ", although " + had_done(before) +
                " and that was acknowledged before the read began";
    if (early.rank == 2 * longest_.size() + 1) sentence += "; nobody ever read it";
  }
  return violation(std::move(sentence), {late, early.operation});
}

// An append that was called when what stands behind it was there already.
Violation ListJudge::prove_append(Position late, std::size_t rank, const Ranked& early) const {
  const Operation& operation = at(late);
  const Operation& before = at(early.operation);
  if (before.function == Function::Read) {
    return violation(did(operation) + ", although process " + std::to_string(before.process) +
                         " had read it before that began (event " +
                         std::to_string(telling_event(before)) + ")",
                     {late, early.operation});
  }
  const bool unread = early.rank == 2 * longest_.size() + 1;
  const Position witness = first_reader_of(unread ? (rank + 1) / 2 : (early.rank + 1) / 2);
  std::string sentence =
      "process " + std::to_string(at(witness).process) + " read " + quoted(operation.written) +
      (unread ? " without " : " before ") + quoted(before.written) + " (event " +
      std::to_string(telling_event(at(witness))) + "), although " + had_done(before) +
      " before the append of " + quoted(operation.written) + " began";
  return violation(std::move(sentence), {late, early.operation, witness});
}

// The earliest read that shows the element at `place`, from 1.
Position ListJudge::first_reader_of(std::size_t place) const {
  for (const Reading& reading : seen_) {
    if (reading.length >= place) return reading.operation;
  }
  return longest_read_;
}

Violation ListJudge::violation(std::string sentence, std::vector<Position> proof) const {
  std::uint64_t known_at = 0;
  for (const Position position : proof) known_at = std::max(known_at, call_of(at(position)));
  return {known_at, std::move(sentence), std::move(proof)};
}

}  // namespace

ListOpinion judge_list(const KeyHistory& key) { return ListJudge(key).judge(); }

}  // namespace check::linear
