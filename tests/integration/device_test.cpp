// SPDX-License-Identifier: MIT
// Devices on the real driver: made, used when made beforehand, refused when they don't fit.
#include "device/device.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <thread>

#include "base/error.hpp"
#include "support/network_state.hpp"
#include "support/private_network.hpp"
#include "support/process.hpp"

namespace tunrelay {
namespace {

using test::run_shell;
using ::testing::HasSubstr;

class DeviceTest : public test::PrivateNetwork {
 protected:
  /// What opening says when it is refused: the text, and exit code 3.
  static std::string refusal(const DeviceRequest& request) {
    try {
      Device::open(request);
    } catch (const Error& error) {
      EXPECT_EQ(error.exit_code(), ExitCode::kUnsupported) << error.what();
      return error.what();
    }
    ADD_FAILURE() << request.name << " was opened";
    return {};
  }
  static std::string describe_link(const std::string& name) {
    return test::output_of({"ip", "-d", "link", "show", name});
  }
};

TEST_F(DeviceTest, MakesEitherTypeWithAllQueues) {
  for (const DeviceType type : {DeviceType::kTun, DeviceType::kTap}) {
    const Device device = Device::open({.name = "made0", .type = type, .queues = 4});
    EXPECT_TRUE(device.made_by_us());
    EXPECT_TRUE(device.has_virtio_net_header());
    EXPECT_EQ(device.queues(), 4U);
    const std::string link = describe_link("made0");
    EXPECT_THAT(link, HasSubstr("tun type " + std::string(to_string(type))));
    EXPECT_THAT(link, HasSubstr("numqueues 4"));
    EXPECT_THAT(link, HasSubstr("user root"));
  }
  EXPECT_FALSE(test::run({"ip", "link", "show", "made0"}).succeeded()) << "it goes with us";
}

TEST_F(DeviceTest, ReportsTheOffloadsInForce) {
  Device device = Device::open({.name = "made0"});
  EXPECT_TRUE(device.offloads().checksum);
  EXPECT_TRUE(device.offloads().tso4);
  EXPECT_EQ(device.offloads().to_string().substr(0, 14), "csum tso4 tso6");
  device.change_offloads({});
  EXPECT_EQ(device.offloads().to_string(), "none");
  const Device plain = Device::open({.name = "made1", .offload = false});
  EXPECT_FALSE(plain.offloads().any());
  EXPECT_TRUE(plain.has_virtio_net_header()) << "the header is there all the same";
}

TEST_F(DeviceTest, UsesAnAdministratorsDeviceAndLeavesItAsItWas) {
  ASSERT_TRUE(run_shell("ip tuntap add adm0 mode tun multi_queue vnet_hdr").succeeded());
  const std::string before = test::network_state();
  {
    const Device device = Device::open({.name = "adm0", .queues = 2});
    EXPECT_FALSE(device.made_by_us());
    EXPECT_TRUE(device.offloads().any());
  }
  EXPECT_TRUE(test::same_network_state(before, test::network_state()));
}

TEST_F(DeviceTest, UsesAPlainDeviceWithoutHeader) {
  ASSERT_TRUE(run_shell("ip tuntap add adm0 mode tun").succeeded());
  const std::string before = test::network_state();
  {
    const Device device = Device::open({.name = "adm0"});
    EXPECT_FALSE(device.has_virtio_net_header());
    EXPECT_FALSE(device.offloads().any());
  }
  EXPECT_TRUE(test::same_network_state(before, test::network_state()));
}

TEST_F(DeviceTest, RefusesMoreQueuesThanAPlainDeviceHas) {
  ASSERT_TRUE(run_shell("ip tuntap add adm0 mode tun vnet_hdr").succeeded());
  EXPECT_THAT(refusal({.name = "adm0", .queues = 2}), HasSubstr("multi_queue"));
}

TEST_F(DeviceTest, RefusesTheOtherType) {
  ASSERT_TRUE(run_shell("ip tuntap add adm0 mode tap multi_queue vnet_hdr").succeeded());
  EXPECT_THAT(refusal({.name = "adm0"}), HasSubstr("it is a tap device"));
}

TEST_F(DeviceTest, RefusesAnotherKindOfInterface) {
  ASSERT_TRUE(run_shell("ip link add adm0 type veth peer name adm1").succeeded());
  EXPECT_THAT(refusal({.name = "adm0"}), HasSubstr("another kind of interface"));
}

TEST_F(DeviceTest, FindsAndRefusesAnIdleAttachedQueue) {
  ASSERT_TRUE(run_shell("ip tuntap add adm0 mode tun multi_queue vnet_hdr").succeeded());
  const Device holder = Device::open({.name = "adm0"});
  EXPECT_THAT(refusal({.name = "adm0"}), HasSubstr("1 queues are attached already"));
}

TEST_F(DeviceTest, RefusesANameInUseByAnotherProgram) {
  const Device holder = Device::open({.name = "made0"});
  EXPECT_THAT(refusal({.name = "made0"}), HasSubstr("another program holds made0"));
}

TEST_F(DeviceTest, WaitsForADeviceThatIsJustGoing) {
  auto dying = std::make_unique<Device>(Device::open({.name = "made0"}));
  std::thread killer([&dying] {
    std::this_thread::sleep_for(std::chrono::milliseconds(80));
    dying.reset();
  });
  const Device device = Device::open({.name = "made0"});
  killer.join();
  EXPECT_EQ(device.queues(), 1U);
  EXPECT_THAT(describe_link("made0"), HasSubstr("numqueues 1"));
}

TEST_F(DeviceTest, NeverTruncatesAName) {
  for (const char* name : {"", "a/b", "sixteen-letters!", ".", "a b"})
    EXPECT_THROW(Device::open({.name = name}), Error) << name;
}

}  // namespace
}  // namespace tunrelay
