// SPDX-License-Identifier: BSD-3-Clause
// The Qt image plug-in, of Qt 5 and Qt 6 alike: QImageReader reads .flz files.
#pragma once

#include <QImage>
#include <QImageIOHandler>
#include <QImageIOPlugin>
#include <QSize>

namespace flowzip_desktop {

class Handler : public QImageIOHandler {
 public:
  // Whether the device goes on with a .flz file; it stays where it is.
  static bool CanRead(QIODevice* device);

  bool canRead() const override;
  bool read(QImage* image) override;
  QVariant option(ImageOption option) const override;
  void setOption(ImageOption option, const QVariant& value) override;
  bool supportsOption(ImageOption option) const override;

 private:
  void LookAtHeader() const;
  bool Read(QImage* image);

  QSize scaled_size_;
  // Of the header, which is peeked at.
  mutable bool looked_ = false;
  mutable QSize size_;
  mutable QImage::Format format_ = QImage::Format_Invalid;
  mutable int orientation_ = 1;
};

class Plugin : public QImageIOPlugin {
  Q_OBJECT
  Q_PLUGIN_METADATA(IID "org.qt-project.Qt.QImageIOHandlerFactoryInterface" FILE "flowzip.json")

 public:
  Capabilities capabilities(QIODevice* device, const QByteArray& format) const override;
  QImageIOHandler* create(QIODevice* device, const QByteArray& format) const override;
};

}  // namespace flowzip_desktop
